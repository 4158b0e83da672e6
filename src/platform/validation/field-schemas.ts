/** A schema of JSON Schema 2020-12, as OpenAPI 3.1 uses it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

interface Field {
  schema: JsonSchema;
  isOptional: boolean;
}

/** The fields of each class that describes an input, by the prototype that declares them. */
const FIELDS = new WeakMap<object, Map<string, Field>>();

function fieldOf(prototype: object, name: string): Field {
  const fields = FIELDS.get(prototype) ?? new Map<string, Field>();
  FIELDS.set(prototype, fields);
  const field = fields.get(name) ?? { schema: {}, isOptional: false };
  fields.set(name, field);
  return field;
}

/** Notes what a field must look like: the rules of `fields.ts` do. */
export function noteFieldSchema(prototype: object, name: string, schema: JsonSchema): void {
  fieldOf(prototype, name).schema = schema;
}

/** Notes that a field may be left out. */
export function noteOptionalField(prototype: object, name: string): void {
  fieldOf(prototype, name).isOptional = true;
}

/** The schema of an input: what its class and those above it declare. */
export function schemaOfInput(type: new () => object): JsonSchema {
  // What a class sets by itself is the default of its field.
  const defaults = new type() as Record<string, unknown>;
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const prototype of prototypesOf(type.prototype as object)) {
    for (const [name, { schema, isOptional }] of FIELDS.get(prototype) ?? []) {
      const value = defaults[name];
      properties[name] = value === undefined ? schema : { ...schema, default: value };
      if (!isOptional) required.push(name);
    }
  }
  return {
    type: 'object',
    properties,
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

/** The topmost first. */
function prototypesOf(prototype: object): object[] {
  const above = Object.getPrototypeOf(prototype) as object | null;
  return above === null || above === Object.prototype ? [prototype] : [...prototypesOf(above), prototype];
}
