import { addSeconds } from '../clock/clock.js';
import type { RandomSource } from '../crypto/random-source.js';

const FIRST_PAUSE_SECONDS = 5;
const MAX_PAUSE_SECONDS = 7200;

/**
 * When to try again: the pause doubles with each attempt, from 5 s to 2 h, and is cut at random by up to half, so that
 * what failed together does not come back together. Twenty attempts take half a day or more.
 * @param attempts how often it was tried: 1 or more.
 */
export function retryAt(now: Date, attempts: number, random: RandomSource): Date {
  const pause = Math.min(MAX_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (attempts - 1));
  const share = random.bytes(2).readUInt16BE() / 0xffff;
  return addSeconds(now, pause * (1 - share / 2));
}
