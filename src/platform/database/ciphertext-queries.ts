import { ENCRYPTED_FIELDS, FieldEncryptionError, type Values } from './encrypted-fields.js';
import type { Relations } from './field-decryption.js';

const QUERY_PARTS = ['where', 'orderBy', 'cursor', 'distinct', 'having', 'by', '_min', '_max'];

/**
 * A ciphertext is different every time it is made: comparing, sorting or grouping by it would silently find nothing.
 * Asking whether there is a value (`null`, `{ not: null }`) is fine. Holds through relations as well.
 * @throws FieldEncryptionError
 */
export function assertNoQueryByCiphertext(relations: Relations, model: string, input: Values): void {
  for (const part of QUERY_PARTS) {
    const culprit = findUse(relations, model, input[part]);
    if (culprit !== null) {
      throw new FieldEncryptionError(`${culprit}: an encrypted field cannot be used in "${part}"`);
    }
  }
  // What `select` and `include` choose may be filtered and sorted in its turn.
  for (const [field, choice] of Object.entries({
    ...asValues(input['select']),
    ...asValues(input['include']),
  })) {
    const target = relations.get(model)?.get(field);
    if (target !== undefined) assertNoQueryByCiphertext(relations, target, asValues(choice));
  }
}

/** The model whose encrypted field is used, or null. */
function findUse(relations: Relations, model: string, part: unknown): string | null {
  const columns = ENCRYPTED_FIELDS[model]?.columns ?? {};
  if (typeof part === 'string') return part in columns ? model : null;
  if (Array.isArray(part)) return firstUse(part.map((item) => findUse(relations, model, item)));
  if (typeof part !== 'object' || part === null || part instanceof Date || part instanceof Uint8Array)
    return null;
  return firstUse(
    Object.entries(part).map(([key, value]) => {
      if (key in columns) return value !== undefined && !isNullCheck(value) ? model : null;
      return typeof value === 'object'
        ? findUse(relations, relations.get(model)?.get(key) ?? model, value)
        : null;
    }),
  );
}

function firstUse(uses: (string | null)[]): string | null {
  return uses.find((use) => use !== null) ?? null;
}

function asValues(part: unknown): Values {
  return typeof part === 'object' && part !== null ? (part as Values) : {};
}

function isNullCheck(value: unknown): boolean {
  if (value === null) return true;
  return (
    typeof value === 'object' && Object.keys(value).join() === 'not' && (value as Values)['not'] === null
  );
}
