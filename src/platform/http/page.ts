import { validationFailed } from '../errors/platform.errors.js';
import { isInstant } from '../validation/instant.js';
import { isUuid } from '../validation/uuid.js';

/** A page of a list, as the contract (§1) shows it. */
export interface Page<T> {
  items: T[];
  /** Opaque; null on the last page. */
  nextCursor: string | null;
}

/** What a list is asked for. */
export interface PageRequest {
  /** 1 to 100. */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/**
 * Cuts `rows`, fetched with one more than the limit, into a page.
 * @param keyOf the sort key of a row: what the next page starts after.
 */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => string[],
  toItem: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toItem),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null,
  };
}

/** Reads the cursor of a list that is sorted by id alone. @throws VALIDATION_FAILED */
export function decodeIdCursor(cursor: string | undefined): string | undefined {
  return cursor === undefined ? undefined : decodeCursor(cursor, [isUuid])[0];
}

interface InstantRange {
  lt?: Date;
  lte?: Date;
  gt?: Date;
  gte?: Date;
}
type PastInstant<Field extends string> = { [Key in Field]?: InstantRange } & {
  OR?: ({ [Key in Field]?: InstantRange | Date } & { id?: { lt?: string; gt?: string } })[];
};

/**
 * Reads the cursor of a list that is sorted by an instant and then by id, as a filter of Prisma.
 * @throws VALIDATION_FAILED
 */
export function pastInstantCursor<Field extends string>(
  cursor: string | undefined,
  field: Field,
  order: 'asc' | 'desc',
): PastInstant<Field> {
  if (cursor === undefined) return {};
  const [instant, id] = decodeCursor(cursor, [isInstant, isUuid]) as [string, string];
  const at = new Date(instant);
  const past = order === 'asc' ? 'gt' : 'lt';
  // The first bound says nothing new, but lets the index begin at the cursor: a late page costs what the first one does.
  const filter = {
    [field]: { [`${past}e`]: at },
    OR: [{ [field]: { [past]: at } }, { [field]: at, id: { [past]: id } }],
  };
  return filter as PastInstant<Field>;
}

/** The same for `createdAt`, newest first. @throws VALIDATION_FAILED */
export function beforeInstantCursor(cursor: string | undefined) {
  return pastInstantCursor(cursor, 'createdAt', 'desc');
}

/** The cursor parts of a row of such a list. */
export function instantKey({ createdAt, id }: { createdAt: Date; id: string }): string[] {
  return [createdAt.toISOString(), id];
}

/**
 * Reads a cursor with one part per check.
 * @throws VALIDATION_FAILED when it is not one of ours; it carries no authority, so it is not signed.
 */
export function decodeCursor(cursor: string, checks: ((part: string) => boolean)[]): string[] {
  const parts = Buffer.from(cursor, 'base64url').toString('utf8').split('|');
  // In one spelling only: decoding passes over what is no base64url.
  const isOurs = encodeCursor(parts) === cursor && parts.length === checks.length;
  if (!isOurs || !checks.every((check, index) => check(parts[index]!))) {
    throw validationFailed({
      errors: [{ field: 'cursor', code: 'invalid', message: 'cursor must be a value that a list returned' }],
    });
  }
  return parts;
}

function encodeCursor(parts: string[]): string {
  return Buffer.from(parts.join('|'), 'utf8').toString('base64url');
}
