import type { FieldCipher } from '../crypto/field-cipher.js';
import { assertNoQueryByCiphertext } from './ciphertext-queries.js';
import {
  ENCRYPTED_FIELDS,
  FieldEncryptionError,
  isJsonField,
  placeOf,
  type EncryptedModel,
  type Values,
} from './encrypted-fields.js';
import type { Relations } from './field-decryption.js';
import { Prisma } from './generated/client.js';

/** What encrypting needs to know. */
export interface WriteContext {
  readonly cipher: FieldCipher;
  readonly relations: Relations;
  /** Makes the id of a row that was given none, since it is bound into the row's ciphertexts. */
  readonly makeId: () => string;
}

/** Where a write stands: the words of its errors, and the organization of the row around it. */
interface Position {
  readonly model: string;
  readonly action: string;
  readonly organizationId?: unknown;
}

/** An encrypted field that gets a value. */
interface WrittenField {
  readonly field: string;
  readonly plaintext: string;
}

/**
 * The arguments of any operation with every encrypted field replaced by its ciphertext, in the row itself and in rows
 * written through relations, however deep. What has no encrypted field comes back as it is, the very same object.
 * @throws FieldEncryptionError when a row that is written cannot be known: its id or organization is not named, or one
 * value would go to several rows.
 */
export function encryptWrites(
  context: WriteContext,
  model: string,
  operation: string,
  input: Values,
): Values {
  const position = { model, action: `${model}.${operation}` };
  const { data, create, update, where } = input as Record<'data' | 'create' | 'update' | 'where', Values>;
  switch (operation) {
    case 'create':
    case 'createMany':
    case 'createManyAndReturn':
      return withParts(input, { data: mapRows(data, (row) => encryptCreate(context, position, row)) });
    case 'update':
      return withParts(input, { data: encryptUpdate(context, position, data, where) });
    case 'upsert':
      return withParts(input, {
        create: encryptCreate(context, position, create),
        update: encryptUpdate(context, position, update, where),
      });
    default:
      assertNoSharedValue(position, data);
      return input;
  }
}

function encryptCreate(context: WriteContext, position: Position, row: Values): Values {
  const organizationId = row['organizationId'] ?? connectedId(row['organization']) ?? position.organizationId;
  const due = encryptedFieldsOf(position.model, row);
  const whole = due.length > 0 && row['id'] === undefined ? { ...row, id: context.makeId() } : row;
  return encryptRow(context, position, whole, due, { id: whole['id'], organizationId });
}

function encryptUpdate(
  context: WriteContext,
  position: Position,
  row: Values,
  where: Values | undefined,
): Values {
  const organizationId = where?.['organizationId'] ?? position.organizationId;
  const due = encryptedFieldsOf(position.model, row);
  return encryptRow(context, position, row, due, { id: where?.['id'], organizationId });
}

/** @param due what of the row is to be encrypted. @param keys `id` and `organizationId` of the row. */
function encryptRow(
  context: WriteContext,
  position: Position,
  row: Values,
  due: readonly WrittenField[],
  keys: Values,
): Values {
  const { model, action } = position;
  const changes: Values = {};
  const encrypted = ENCRYPTED_FIELDS[model];
  for (const { field, plaintext } of due) {
    changes[field] = context.cipher.encrypt(plaintext, placeOf(encrypted!, field, action, keys));
  }
  for (const [field, target] of context.relations.get(model) ?? []) {
    const nested = row[field];
    if (typeof nested !== 'object' || nested === null) continue;
    // The children of an organization belong to it; any other row says itself whose it is.
    const organizationId = model === 'Organization' ? keys['id'] : undefined;
    const inner = { model: target, action: `${action} → ${field}`, organizationId };
    changes[field] = encryptNested(context, inner, nested as Values);
  }
  return withParts(row, changes);
}

/** The operations of a relation whose argument is itself a condition. */
const CHOOSING = new Set(['connect', 'disconnect', 'set', 'delete', 'deleteMany']);

/** Everything Prisma lets one write through a relation. */
function encryptNested(context: WriteContext, position: Position, nested: Values): Values {
  const changes: Values = {};
  const at = (operation: string): Position => ({ ...position, action: `${position.action}.${operation}` });
  for (const [operation, value] of Object.entries(nested)) {
    if (typeof value !== 'object' || value === null) continue;
    for (const item of [value].flat() as Values[]) {
      const where = CHOOSING.has(operation) ? item : item['where'];
      assertNoQueryByCiphertext(context.relations, position.model, { where });
    }
    changes[operation] = mapRows(value as Values, (item) =>
      encryptOperation(context, at(operation), operation, item),
    );
  }
  return withParts(nested, changes);
}

function encryptOperation(
  context: WriteContext,
  position: Position,
  operation: string,
  item: Values,
): Values {
  const { data, create, update, where } = item as Record<'data' | 'create' | 'update' | 'where', Values>;
  switch (operation) {
    case 'create':
      return encryptCreate(context, position, item);
    case 'createMany':
      return withParts(item, { data: mapRows(data, (row) => encryptCreate(context, position, row)) });
    case 'connectOrCreate':
      return withParts(item, { create: encryptCreate(context, position, create) });
    case 'upsert':
      return withParts(item, {
        create: encryptCreate(context, position, create),
        update: encryptUpdate(context, position, update, where),
      });
    case 'update':
      // A relation to one row also takes the bare data.
      if (data === undefined) return encryptUpdate(context, position, item, undefined);
      return withParts(item, { data: encryptUpdate(context, position, data, where) });
    case 'updateMany':
      assertNoSharedValue(position, data);
      return item;
    default:
      return item;
  }
}

/** The encrypted fields that get a value, and that value as text. @throws FieldEncryptionError */
function encryptedFieldsOf(model: string, row: Values): WrittenField[] {
  const encrypted = ENCRYPTED_FIELDS[model];
  if (encrypted === undefined) return [];
  return Object.keys(encrypted.columns).flatMap((field) => {
    const plaintext = plaintextOf(encrypted, model, field, row[field]);
    return plaintext === null ? [] : [{ field, plaintext }];
  });
}

/** What is to be encrypted; null when there is nothing: absent, or no value. @throws FieldEncryptionError */
function plaintextOf(encrypted: EncryptedModel, model: string, field: string, value: unknown): string | null {
  if (isJsonField(encrypted, field)) {
    if (value === undefined || value === null || value === Prisma.DbNull) return null;
    if (value === Prisma.JsonNull || value === Prisma.AnyNull)
      throw new FieldEncryptionError(`${model}: ${field} takes Prisma.DbNull for "no value"`);
    return JSON.stringify(value);
  }
  const text = writtenValue(value);
  if (text === undefined || text === null) return null;
  if (typeof text !== 'string') throw new FieldEncryptionError(`${model}: ${field} takes text`);
  return text;
}

/** One ciphertext cannot belong to several rows; setting them to null is fine. @throws FieldEncryptionError */
function assertNoSharedValue({ model, action }: Position, data: Values | undefined): void {
  if (data === undefined || encryptedFieldsOf(model, data).length === 0) return;
  throw new FieldEncryptionError(`${action} cannot write an encrypted field: write one row at a time`);
}

/** The value itself, or the one inside `{ set: value }`, which Prisma takes as well. */
function writtenValue(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'set' in value ? value.set : value;
}

/** The id in `{ connect: { id } }`. */
function connectedId(relation: unknown): unknown {
  return (relation as { connect?: { id?: unknown } } | undefined)?.connect?.id;
}

/** One row or several, as they were given. */
function mapRows(rows: Values | Values[] | undefined, change: (row: Values) => Values): unknown {
  if (!Array.isArray(rows)) return rows === undefined ? rows : change(rows);
  const changed = rows.map((row) => change(row));
  return changed.every((row, index) => row === rows[index]) ? rows : changed;
}

/** A copy with other parts; the very same object when they are what it has. */
function withParts(whole: Values, parts: Values): Values {
  return Object.entries(parts).every(([name, part]) => whole[name] === part) ? whole : { ...whole, ...parts };
}
