import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** SHA-256 of text (as UTF-8) or bytes: 32 bytes. Enough for secrets that already carry 128 bits or more. */
export function sha256(input: string | Uint8Array): Buffer {
  return createHash('sha256').update(input).digest();
}

/** HMAC-SHA-256 (RFC 2104): 32 bytes. */
export function hmacSha256(key: Uint8Array, input: string | Uint8Array): Buffer {
  return createHmac('sha256', key).update(input).digest();
}

/** Compares two secrets in time that depends on their length only. */
export function equalInConstantTime(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}
