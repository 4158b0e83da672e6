import { DecryptionError, type FieldCipher } from '../crypto/field-cipher.js';
import {
  ENCRYPTED_FIELDS,
  isJsonField,
  placeOf,
  type EncryptedModel,
  type Values,
} from './encrypted-fields.js';
import type { Models } from './model-description.js';
import { mayBeUnreadable, noteUnreadable } from './unreadable-fields.js';

/** For each model, its relation fields and the models they lead to. */
export type Relations = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** What to decrypt in the rows of one query, and in the rows inside them. */
export interface DecryptionPlan {
  readonly encrypted: EncryptedModel | undefined;
  /** Fields that were read only to decrypt, and are taken out of the answer again. */
  readonly added: readonly string[];
  readonly relations: Readonly<Record<string, DecryptionPlan>>;
}

/** The relations of the schema. */
export function readRelations(models: Models): Relations {
  return new Map(
    [...models].map(([model, fields]) => [
      model,
      new Map(fields.filter(({ kind }) => kind === 'object').map(({ name, type }) => [name, type])),
    ]),
  );
}

/**
 * Follows `select` and `include` to every encrypted field that is read.
 * @returns the plan (null: nothing to decrypt) and the arguments, with id and organization added where a `select` left
 * them out.
 */
export function planDecryption(
  relations: Relations,
  model: string,
  args: Values,
): { plan: DecryptionPlan | null; args: Values } {
  const { select, include } = args as { select?: Values; include?: Values };
  const encrypted = readsEncrypted(model, select);
  const chosen = select ?? include;
  if (encrypted === undefined && chosen === undefined) return { plan: null, args };
  const nested: Record<string, DecryptionPlan> = {};
  const selection: Values = { ...chosen };
  for (const [field, choice] of Object.entries(selection)) {
    const target = relations.get(model)?.get(field);
    if (target === undefined || !choice) continue;
    const inner = planDecryption(relations, target, choice === true ? {} : (choice as Values));
    if (inner.plan === null) continue;
    nested[field] = inner.plan;
    if (choice !== true) selection[field] = inner.args;
  }
  const added = encrypted && select ? ['id', 'organizationId'].filter((field) => !select[field]) : [];
  for (const field of added) selection[field] = true;
  if (encrypted === undefined && Object.keys(nested).length === 0) return { plan: null, args };
  const planned = chosen === undefined ? args : { ...args, [select ? 'select' : 'include']: selection };
  return { plan: { encrypted, added, relations: nested }, args: planned };
}

/**
 * Decrypts what the plan names, in a copy.
 * @param onRefused told of every ciphertext that was refused.
 * @throws DecryptionError when a ciphertext was altered or moved; not inside `readingWhatCanBe`.
 */
export function decryptByPlan(
  cipher: FieldCipher,
  plan: DecryptionPlan,
  result: unknown,
  onRefused: (error: DecryptionError) => void,
): unknown {
  if (Array.isArray(result)) return result.map((row) => decryptByPlan(cipher, plan, row, onRefused));
  if (typeof result !== 'object' || result === null) return result;
  const row: Values = { ...(result as Values) };
  for (const [field, inner] of Object.entries(plan.relations))
    row[field] = decryptByPlan(cipher, inner, row[field], onRefused);
  for (const field of Object.keys(plan.encrypted?.columns ?? {})) {
    const value = row[field];
    if (value === undefined || value === null) continue;
    try {
      row[field] = decryptField(cipher, plan.encrypted!, field, value, result as Values);
    } catch (error) {
      if (!(error instanceof DecryptionError)) throw error;
      onRefused(error);
      if (!mayBeUnreadable()) throw error;
      row[field] = null;
      noteUnreadable(row, field);
    }
  }
  for (const field of plan.added) delete row[field];
  return row;
}

function decryptField(
  cipher: FieldCipher,
  encrypted: EncryptedModel,
  field: string,
  value: unknown,
  keys: Values,
): unknown {
  const place = placeOf(encrypted, field, 'decrypting', keys);
  // A JSON value that is no text was never encrypted: refused like any other text that is no envelope of ours.
  const plaintext = cipher.decrypt(typeof value === 'string' ? value : '', place);
  if (!isJsonField(encrypted, field)) return plaintext;
  try {
    return JSON.parse(plaintext) as unknown;
  } catch {
    throw new DecryptionError(place, 'malformed');
  }
}

/** The model when one of its encrypted fields is read: all are, unless a `select` chooses. */
function readsEncrypted(model: string, select: Values | undefined): EncryptedModel | undefined {
  const encrypted = ENCRYPTED_FIELDS[model];
  if (encrypted === undefined || select === undefined) return encrypted;
  return Object.keys(encrypted.columns).some((field) => select[field]) ? encrypted : undefined;
}
