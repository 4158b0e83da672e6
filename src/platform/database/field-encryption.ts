import { DecryptionError, type FieldCipher } from '../crypto/field-cipher.js';
import {
  ENCRYPTED_FIELDS,
  FieldEncryptionError,
  isJsonField,
  placeOf,
  type EncryptedModel,
  type Values,
} from './encrypted-fields.js';
import { assertNoQueryByCiphertext } from './ciphertext-queries.js';
import { decryptByPlan, planDecryption, readRelations, type Relations } from './field-decryption.js';
import { Prisma } from './generated/client.js';

/**
 * The client extension that encrypts the fields of `ENCRYPTED_FIELDS` before they are written and decrypts them after
 * they were read, relations included (D-4). `null` stays null, an absent field stays untouched. Row id and organization
 * are bound into each ciphertext, so a write names both: `data` of a create, `where` of an update.
 * @param onRefused told of every ciphertext that was refused, before the error goes on.
 */
export function fieldEncryption(cipher: FieldCipher, onRefused: (error: DecryptionError) => void) {
  return Prisma.defineExtension((client) => {
    const relations = readRelations(client);
    return client.$extends({
      name: 'benteng-field-encryption',
      query: {
        $allModels: {
          async $allOperations({ model, operation, args, query }) {
            const input = args as Values;
            const encrypted = ENCRYPTED_FIELDS[model];
            assertNoQueryByCiphertext(relations, model, input);
            for (const part of ['data', 'create', 'update'])
              assertNoNestedWrite(relations, model, input[part]);
            const written =
              encrypted === undefined ? input : encryptInput(cipher, model, encrypted, operation, input);
            const { plan, args: planned } = planDecryption(relations, model, written);
            const result: unknown = await query(planned as typeof args);
            if (plan === null) return result;
            try {
              return decryptByPlan(cipher, plan, result);
            } catch (error) {
              if (error instanceof DecryptionError) onRefused(error);
              throw error;
            }
          },
        },
      },
    });
  });
}

/** A copy of the arguments in which every encrypted field that is written holds its ciphertext. */
function encryptInput(
  cipher: FieldCipher,
  model: string,
  encrypted: EncryptedModel,
  operation: string,
  input: Values,
): Values {
  const action = `${model}.${operation}`;
  const { data, create, update } = input as { data?: Values | Values[]; create?: Values; update?: Values };
  const where = (input['where'] ?? {}) as Values;
  const encryptRow = (row: Values, keys: Values) => encryptFields(cipher, encrypted, action, row, keys);
  switch (operation) {
    case 'create':
      return { ...input, data: encryptRow(data as Values, data as Values) };
    case 'createMany':
    case 'createManyAndReturn':
      return { ...input, data: [data].flat().map((row) => encryptRow(row as Values, row as Values)) };
    case 'update':
      return { ...input, data: encryptRow(data as Values, where) };
    case 'upsert':
      return { ...input, create: encryptRow(create!, create!), update: encryptRow(update!, where) };
    default:
      // One ciphertext cannot belong to several rows; setting them to null is fine.
      if (data !== undefined && writesValue(encrypted, data as Values)) {
        throw new FieldEncryptionError(`${action} cannot write an encrypted field: write one row at a time`);
      }
      return input;
  }
}

/** @param keys where `id` and `organizationId` of the row are named. */
function encryptFields(
  cipher: FieldCipher,
  encrypted: EncryptedModel,
  action: string,
  row: Values,
  keys: Values,
): Values {
  const result: Values = { ...row };
  for (const field of Object.keys(encrypted.columns)) {
    const plaintext = plaintextOf(encrypted, action, field, row[field]);
    if (plaintext === null) continue;
    result[field] = cipher.encrypt(plaintext, placeOf(encrypted, field, action, keys));
  }
  return result;
}

/** What is to be encrypted; null when there is nothing: absent, or no value. @throws FieldEncryptionError */
function plaintextOf(
  encrypted: EncryptedModel,
  action: string,
  field: string,
  value: unknown,
): string | null {
  if (isJsonField(encrypted, field)) {
    if (value === undefined || value === null || value === Prisma.DbNull) return null;
    if (value === Prisma.JsonNull || value === Prisma.AnyNull)
      throw new FieldEncryptionError(`${action}: ${field} takes Prisma.DbNull for "no value"`);
    return JSON.stringify(value);
  }
  const text = writtenValue(value);
  if (text === undefined || text === null) return null;
  if (typeof text !== 'string') throw new FieldEncryptionError(`${action}: ${field} takes text`);
  return text;
}

/** The value itself, or the one inside `{ set: value }`, which Prisma takes as well. */
function writtenValue(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'set' in value ? value.set : value;
}

function writesValue({ columns }: EncryptedModel, data: Values): boolean {
  return Object.keys(columns).some((field) => {
    const value = writtenValue(data[field]);
    return value !== undefined && value !== null && value !== Prisma.DbNull;
  });
}

/** Where the rows are in a write through a relation. */
const NESTED_ROWS = ['create', 'createMany', 'connectOrCreate', 'update', 'updateMany', 'upsert', 'data'];

/** A row written through a relation, however deep, would reach the database as plaintext: refused, loudly. */
function assertNoNestedWrite(relations: Relations, model: string, written: unknown): void {
  for (const row of [written].flat()) {
    if (typeof row !== 'object' || row === null) continue;
    for (const [field, value] of Object.entries(row)) {
      if (value === undefined) continue;
      const target = relations.get(model)?.get(field);
      if (target !== undefined && target in ENCRYPTED_FIELDS) {
        throw new FieldEncryptionError(
          `${target} has encrypted fields and cannot be written through a relation`,
        );
      }
      if (target !== undefined) assertNoNestedWrite(relations, target, value);
      else if (NESTED_ROWS.includes(field)) assertNoNestedWrite(relations, model, value);
    }
  }
}
