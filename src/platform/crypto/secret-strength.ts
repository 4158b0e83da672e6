/** What a person puts where a secret should be: long enough that chance does not write it into a random one. */
const SAMPLES =
  /change[-_ .]?me|password|passwort|secret|example|placeholder|letmein|qwerty|asdfgh|sample|dummy|insert|replace|benteng|metrics|12345678|abcdefgh/i;

/** At least so many different characters stand in 16 random hexadecimal digits, but once in some 10,000. */
const MIN_DIFFERENT = 6;
/** Fewer different values do not stand in 24 random bytes or more. */
const MIN_DIFFERENT_BYTES = 12;

/**
 * Why bytes that should be a random key are none: one pattern made them. @returns null when nothing speaks against them;
 * completes the sentence "the key …".
 */
export function weaknessOfKey(bytes: Uint8Array): string | null {
  const values = [...bytes];
  if (new Set(values).size < MIN_DIFFERENT_BYTES) return 'has few different bytes';
  if (isRepeated(values)) return 'repeats itself';
  // Random bytes keep one distance once or twice, a sequence always: 0, 1, 2 …
  if (commonestStep(values) > values.length / 4) return 'is a sequence';
  if (values.every((value) => (value >= 0x20 && value <= 0x7e) || value === 0x0a || value === 0x0d))
    return 'is text instead of random bytes';
  return null;
}

/** The same for a secret that is text, such as a token. */
export function weaknessOfText(text: string): string | null {
  const values = [...text].map((character) => character.codePointAt(0)!);
  if (SAMPLES.test(text)) return 'holds a word of examples';
  if (new Set(values).size < MIN_DIFFERENT) return 'has few different characters';
  if (isRepeated(values)) return 'repeats itself';
  if (commonestStep(values) > values.length / 2) return 'is a sequence';
  return null;
}

/** Whether it is, but for a quarter at most, one piece again and again. */
function isRepeated(values: readonly number[]): boolean {
  for (let period = 1; period <= values.length * 0.75; period += 1)
    if (values.every((value, at) => at < period || value === values[at - period])) return true;
  return false;
}

/** How often the commonest distance from one value to the next occurs. */
function commonestStep(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (let at = 1; at < values.length; at += 1) {
    const step = (values[at]! - values[at - 1]! + 256) % 256;
    counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  return Math.max(0, ...counts.values());
}
