import { crc32 } from 'node:zlib';
import { sha256 } from '../platform/crypto/digest.js';
import type { RandomSource } from '../platform/crypto/random-source.js';

/** Recognised by secret scanners, and by people. */
const PREFIX = 'btg_';
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 43 symbols of 62: 256 bits. */
const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
const HINT_LENGTH = PREFIX.length + 6;

/** A fresh key: `btg_`, 43 random symbols, 6 symbols of CRC-32 over both, so that a typo is caught without a lookup. */
export function createServiceKey(random: RandomSource): string {
  const body = PREFIX + random.text(SECRET_LENGTH, ALPHABET);
  return body + checksumOf(body);
}

/** Whether the text can be a key of ours at all. */
export function isServiceKey(text: string): boolean {
  if (!/^btg_[0-9A-Za-z]{49}$/.test(text)) return false;
  return checksumOf(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH);
}

/** What is stored: the key carries 256 random bits, so that one SHA-256 is enough. */
export function hashServiceKey(key: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(sha256(key));
}

/** What may be shown later: the prefix and six symbols. */
export function hintOf(key: string): string {
  return `${key.slice(0, HINT_LENGTH)}…`;
}

function checksumOf(text: string): string {
  let rest = crc32(text);
  let checksum = '';
  for (let index = 0; index < CHECKSUM_LENGTH; index += 1) {
    checksum = ALPHABET[rest % ALPHABET.length]! + checksum;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return checksum;
}
