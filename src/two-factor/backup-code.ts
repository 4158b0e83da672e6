import { hmacSha256 } from '../platform/crypto/digest.js';
import type { KeyRing } from '../platform/crypto/key-ring.js';
import type { RandomSource } from '../platform/crypto/random-source.js';

/** How many codes a set has (L-S7.2). */
const BACKUP_CODE_COUNT = 8;

/** Crockford's base32: 32 symbols without I, L, O and U; what people type for them is understood all the same. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** 16 symbols carry 80 bits, far too many to guess, so a keyed hash is enough and one try costs one lookup. */
const SYMBOLS = 16;
const GROUP = 4;

/** A fresh set, grouped for reading: `7XK2-9QRT-0MWH-4ZDE`. */
export function createBackupCodes(random: RandomSource): string[] {
  return Array.from({ length: BACKUP_CODE_COUNT }, () =>
    random.text(SYMBOLS, ALPHABET).replaceAll(new RegExp(`.{${GROUP}}(?=.)`, 'g'), '$&-'),
  );
}

/**
 * What a person typed as the code that was meant: either case, with or without the marks between groups.
 * @returns 16 symbols, or null when it cannot be a code.
 */
export function normalizeBackupCode(text: string): string | null {
  // Before letters change their case: beyond ASCII some become others (ı, ſ).
  if (!/^[0-9A-Za-z-]{16,40}$/.test(text)) return null;
  const symbols = text.replaceAll('-', '').toUpperCase().replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  return /^[0-9A-HJKMNP-TV-Z]{16}$/.test(symbols) ? symbols : null;
}

/**
 * The hashes under which a code may be stored: one per key of the ring, the newest first. Bound to the person, so that
 * a row moved to another account is worth nothing.
 */
export function backupCodeHashes(ring: KeyRing, userId: string, code: string): Uint8Array<ArrayBuffer>[] {
  const input = `benteng backup code v1\0${userId}\0${normalizeBackupCode(code)}`;
  return ring.keys.map(({ bytes }) => Uint8Array.from(hmacSha256(bytes, input)));
}
