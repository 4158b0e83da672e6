import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** By the text of a document's components: compiled once for all files of a worker. */
const judges = new Map();

/**
 * Judges values by JSON Schema.
 * @param {string} components a schema with `$id` to which the others refer, as JSON.
 * @returns {(schema: string, value: unknown) => string | null} what does not fit; null when all does.
 */
export function answerJudge(components) {
  const known = judges.get(components);
  if (known !== undefined) return known;
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(JSON.parse(components));
  const compiled = new Map();
  const judge = (schema, value) => {
    const validate = compiled.get(schema) ?? ajv.compile(JSON.parse(schema));
    compiled.set(schema, validate);
    return validate(value) ? null : ajv.errorsText(validate.errors);
  };
  judges.set(components, judge);
  return judge;
}
