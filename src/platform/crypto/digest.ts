import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** SHA-256 of text (as UTF-8) or bytes, one piece after the other: 32 bytes. Enough for secrets that already carry 128 bits or more. */
export function sha256(...pieces: readonly (string | Uint8Array)[]): Buffer {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest();
}

/** HMAC-SHA-256 (RFC 2104) over the pieces, one after the other: 32 bytes. */
export function hmacSha256(key: string | Uint8Array, ...pieces: readonly (string | Uint8Array)[]): Buffer {
  const hmac = createHmac('sha256', key);
  for (const piece of pieces) hmac.update(piece);
  return hmac.digest();
}

/** Compares two secrets in time that depends on their length only. */
export function equalInConstantTime(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}
