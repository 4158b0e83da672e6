import { addSeconds } from '../clock/clock.js';
import { equalInConstantTime, hmacSha256 } from './digest.js';
import type { KeyRing, RingKey } from './key-ring.js';

/** What a genuine rotating token says. */
export interface RotatingTokenContent {
  /** UUID of the row it belongs to. */
  readonly id: string;
  /** How many rotations came before: 0 to 2^32 - 1. */
  readonly counter: number;
}

/** What a token is for; keeps the uses of one key apart. */
export type RotatingTokenPurpose = 'refresh token' | 'remembered device';

/** Seconds after a rotation in which the just-spent token still answers with its successor (contract §2). */
const ROTATION_GRACE_SECONDS = 10;

/**
 * Whether a token is the one right before the current one, soon after it was spent: another tab, or a lost answer.
 * Older than that, somebody copied it.
 */
export function isJustSpent(
  token: RotatingTokenContent,
  current: { counter: number; rotatedAt: Date | null },
  now: Date,
): boolean {
  const { counter, rotatedAt } = current;
  return (
    token.counter === counter - 1 &&
    rotatedAt !== null &&
    addSeconds(rotatedAt, ROTATION_GRACE_SECONDS) >= now
  );
}

const ID_BYTES = 16;
const COUNTER_BYTES = 4;
const CONTENT_BYTES = ID_BYTES + COUNTER_BYTES;
const TAG_BYTES = 32;

/**
 * Makes the token of a row at a counter. Layout before base64url: id (16 bytes), counter (4 bytes, big-endian),
 * HMAC-SHA-256 over purpose, id and counter (32 bytes). It can be computed anew from the row and the key, so everybody
 * who loses a rotation race gets the same successor, and the database holds nothing to replay.
 */
export function createRotatingToken(
  purpose: RotatingTokenPurpose,
  key: RingKey,
  { id, counter }: RotatingTokenContent,
): string {
  const content = Buffer.alloc(CONTENT_BYTES);
  Buffer.from(id.replaceAll('-', ''), 'hex').copy(content);
  content.writeUInt32BE(counter, ID_BYTES);
  return Buffer.concat([content, tagOf(purpose, key, content)]).toString('base64url');
}

/**
 * Reads a token that any key of the ring made for this purpose.
 * @returns null for everything else; says nothing yet about the row being live or the counter being current.
 */
export function parseRotatingToken(
  purpose: RotatingTokenPurpose,
  ring: KeyRing,
  token: string,
): RotatingTokenContent | null {
  if (!/^[A-Za-z0-9_-]{70}$/.test(token)) return null;
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length !== CONTENT_BYTES + TAG_BYTES || bytes.toString('base64url') !== token) return null;
  const content = bytes.subarray(0, CONTENT_BYTES);
  const tag = bytes.subarray(CONTENT_BYTES);
  if (!ring.keys.some((key) => equalInConstantTime(tagOf(purpose, key, content), tag))) return null;
  const id = content
    .toString('hex', 0, ID_BYTES)
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return { id, counter: content.readUInt32BE(ID_BYTES) };
}

function tagOf(purpose: RotatingTokenPurpose, key: RingKey, content: Uint8Array): Buffer {
  return hmacSha256(key.bytes, Buffer.concat([Buffer.from(`benteng ${purpose} v1\0`), content]));
}
