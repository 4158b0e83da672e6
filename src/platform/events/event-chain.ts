import { sha256 } from '../crypto/digest.js';
import type { Statement } from '../database/database.js';

/** An event as its row keeps it. */
export interface EventRow {
  readonly id: string;
  readonly organizationId: string;
  readonly action: string;
  readonly actorId: string | null;
  readonly targetId: string | null;
  readonly ipAddress: string | null;
  readonly requestId: string | null;
  /** JSON text, kept as it is. */
  readonly details: string;
  readonly createdAt: Date;
}

/** What the first row of an organization is chained to. */
export const CHAIN_START = Buffer.alloc(32);

/**
 * The content of a row as bytes: each value as `<bytes>:<UTF-8 text>`, null as `-`, so that no two rows share one form.
 * Order: id, organization, action, actor, target, address, request id, details, instant (ISO 8601 with milliseconds).
 */
export function contentOf(row: EventRow): Buffer {
  const fields = [
    row.id,
    row.organizationId,
    row.action,
    row.actorId,
    row.targetId,
    row.ipAddress,
    row.requestId,
    row.details,
    row.createdAt.toISOString(),
  ];
  return Buffer.from(
    fields.map((field) => (field === null ? '-' : `${Buffer.byteLength(field)}:${field}`)).join(''),
  );
}

/** The hash of a row: SHA-256 over the hash before it, its sequence (8 bytes, big-endian) and its content. */
export function chainHash(previous: Uint8Array, sequence: bigint, content: Uint8Array): Buffer {
  const place = Buffer.alloc(8);
  place.writeBigInt64BE(sequence);
  return sha256(Buffer.concat([previous, place, content]));
}

const EVENT_PARAMETERS = [
  ['id', 'uuid'],
  ['organization_id', 'uuid'],
  ['action', 'text'],
  ['actor_id', 'uuid'],
  ['target_id', 'uuid'],
  ['ip_address', 'text'],
  ['request_id', 'uuid'],
  ['details', 'json'],
  ['created_at', 'timestamptz'],
] as const;

/** The values that `appendEventSql` expects, in its order. */
export function eventParameters(row: EventRow): unknown[] {
  return [
    row.id,
    row.organizationId,
    row.action,
    row.actorId,
    row.targetId,
    row.ipAddress,
    row.requestId,
    row.details,
    row.createdAt,
    contentOf(row),
  ];
}

/**
 * SQL that adds one event to its organization's chain, whose end one writer at a time holds. The function of the database
 * is the only way: the application's role has no right to write the trail itself (migration `held_trail`).
 * @param first number of the first of its parameters.
 * @param condition a query that yields one row when the event is to be written, none when not.
 */
export function appendEventSql(first: number, condition: string): string {
  const values = EVENT_PARAMETERS.map(([, type], index) => `$${first + index}::${type}`).join(', ');
  const content = `$${first + EVENT_PARAMETERS.length}::bytea`;
  return `SELECT benteng.append_event(${values}, ${content}) AS id FROM (${condition}) AS happened`;
}

/** Adds one event to its chain; parameters are those of `eventParameters`. */
export const APPEND_EVENT: Statement = {
  name: 'append_event',
  tenant: 2,
  text: appendEventSql(1, 'SELECT 1'),
};
