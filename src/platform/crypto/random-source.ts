import { randomBytes, randomInt } from 'node:crypto';
import { v7 as uuidV7 } from 'uuid';

/** Letters and digits without look-alikes (no 0 O 1 I l), for secrets that people read aloud: 57 symbols. */
export const READABLE_ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** The only source of randomness; always the operating system's generator (ASVS V11.5.1). */
export abstract class RandomSource {
  /** `length` unpredictable bytes. */
  abstract bytes(length: number): Buffer;
  /** `length` symbols drawn uniformly from `alphabet`. */
  abstract text(length: number, alphabet: string): string;
  /** A new UUID of version 7 (RFC 9562 §5.7): sorts by age, also within one millisecond of one process. */
  abstract id(): string;
}

/** node:crypto. */
export class SystemRandomSource extends RandomSource {
  override bytes(length: number): Buffer {
    return randomBytes(length);
  }

  override text(length: number, alphabet: string): string {
    return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
  }

  override id(): string {
    return uuidV7();
  }
}
