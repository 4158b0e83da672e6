import type { PasswordForms } from './password-forms.js';
import { KEY_NEIGHBOURS, letterIndex, LETTERS, MAX_WORD_LENGTH, MIN_WORD_LENGTH } from './word-ranks.js';
import type { WordKnowledge } from './word-ranks.js';

/** How a stretch of a password can be guessed; `random` is plain search, `letter` the same, going on from a letter before. */
export type TokenKind = 'word' | 'keyboard' | 'sequence' | 'repeat' | 'date' | 'random' | 'letter';

/** A stretch of a password, `start` inclusive to `end` exclusive, and the log10 of the guesses it takes. */
export interface Token {
  readonly kind: TokenKind;
  readonly end: number;
  readonly cost: number;
}

/** Receives each way to read the characters from one position on. */
type Emit = (kind: TokenKind, end: number, cost: number) => void;

/** Everything the readers need to know of one password. */
export interface Reading {
  readonly forms: PasswordForms;
  readonly ranks: (text: string) => number | undefined;
  readonly letterCosts: WordKnowledge['letterCosts'];
}

const SYMBOL_COSTS: Readonly<Record<string, number>> = {
  '!': 0.4,
  '@': 0.5,
  '#': 0.8,
  '.': 0.8,
  _: 0.8,
  '-': 0.8,
  $: 0.9,
  '*': 0.9,
  ' ': 0.9,
  '&': 1,
  '?': 1,
  '%': 1.1,
  '+': 1.1,
  ',': 1.1,
};
const COMMON_DIGITS: Readonly<Record<string, number>> = {
  1: 0.4,
  12: 0.8,
  123: 0.5,
  1234: 0.6,
  12345: 0.7,
  321: 1,
  143: 1.2,
  108: 1.5,
  110: 1.5,
  '007': 1,
  786: 1,
  69: 1.2,
  '01': 1.2,
  11: 1,
  '00': 1.2,
  99: 1.2,
  22: 1.3,
  77: 1.3,
  88: 1.3,
  13: 1.2,
  10: 1.2,
  23: 1.2,
  21: 1.2,
  45: 1.4,
  212: 2,
  420: 1.5,
  666: 1.2,
  777: 1.2,
  911: 1.5,
  1945: 1.2,
  354: 2,
};
const BACKWARDS_COST = 0.5;
const SEPARATED_DATE = /\d{1,2}[-/._ ]\d{1,2}[-/._ ](?:(?:19|20)\d\d|\d\d)/y;

/** Dictionary words and known passwords: as typed, leet decoded, typed with Shift, or backwards. */
export function readWords(reading: Reading, start: number, emit: Emit): void {
  const { forms, ranks } = reading;
  const length = forms.lower.length;
  for (let end = Math.min(length, start + MAX_WORD_LENGTH); end >= start + MIN_WORD_LENGTH; end -= 1) {
    const consider = (text: string, extraCost: () => number): void => {
      const rank = ranks(text);
      if (rank !== undefined) emit('word', end, Math.log10(rank) + extraCost());
    };
    const caseCost = (): number => flipCost(forms.typed, forms.lower, start, end);
    const lower = forms.lower.slice(start, end);
    consider(lower, caseCost);
    consider(forms.backwards.slice(length - end, length - start), () => caseCost() + BACKWARDS_COST);
    for (const decoded of [forms.leetI.slice(start, end), forms.leetL.slice(start, end)]) {
      if (isLeet(lower, decoded)) consider(decoded, () => caseCost() + substitutionCost(lower, decoded));
    }
    const keys = forms.keys.slice(start, end);
    if (keys !== lower) consider(keys, () => flipCost(forms.typed, forms.keys, start, end));
  }
}

/** Walks over neighbouring US keys, Shift held or not: `1qaz`, `Asdf`, `ZAQ!`. A turn costs, a straight line does not. */
export function readKeyboardWalks(reading: Reading, start: number, emit: Emit): void {
  const { keys, typed } = reading.forms;
  let direction: number | null = null;
  let turns = 0;
  for (let at = start + 1; at < keys.length; at += 1) {
    const next = directionBetween(keys[at - 1] ?? '', keys[at] ?? '');
    if (next === null) return;
    if (next !== direction) turns += 1;
    direction = next;
    const length = at + 1 - start;
    if (length >= 3)
      emit('keyboard', at + 1, 1.5 + 0.55 * turns + 0.01 * length + flipCost(typed, keys, start, at + 1));
  }
}

/** 0 to 5 for a neighbour, -1 for the same key again (`q!1w@2`), null where the finger must jump. */
function directionBetween(from: string, to: string): number | null {
  if (from === to) return -1;
  const direction = KEY_NEIGHBOURS.get(from)?.indexOf(to) ?? -1;
  return direction < 0 ? null : direction;
}

/** Runs by a constant step in the alphabet or the digits: `abcd`, `9876`, `2468`. */
export function readSequences(reading: Reading, start: number, emit: Emit): void {
  const { lower, typed } = reading.forms;
  const step = lower.charCodeAt(start + 1) - lower.charCodeAt(start);
  if (step === 0 || Math.abs(step) > 3) return;
  for (let at = start + 1; at < lower.length; at += 1) {
    if (!/[\p{L}\p{Nd}]/u.test(lower[at] ?? '') || lower.charCodeAt(at) - lower.charCodeAt(at - 1) !== step)
      return;
    const length = at + 1 - start;
    const cost =
      (Math.abs(step) === 1 ? 1 : 1.6) + Math.log10(length) + flipCost(typed, lower, start, at + 1);
    if (length >= 3) emit('sequence', at + 1, cost);
  }
}

/** Text that repeats what stands before it, as it was, shifted, leet or mirrored: `Abcabc`, `1qaz!QAZ`, `11!!`, `abccba`. */
export function readRepeats(reading: Reading, start: number, emit: Emit): void {
  const { lower } = reading.forms;
  for (let distance = 1; distance <= start; distance += 1) {
    // Only where a repeat begins: to start in its middle gains nothing, and "@@@@…" would cost the cube of its length.
    if (distance < start && isSameKey(reading, start - 1, start - 1 - distance)) continue;
    let changed = 0;
    for (let at = start; at < lower.length && isSameKey(reading, at, at - distance); at += 1) {
      if (reading.forms.typed[at] !== reading.forms.typed[at - distance]) changed = 0.4;
      const length = at + 1 - start;
      if (length < Math.min(distance, 2)) continue;
      const whole = length % distance === 0 ? 0 : 0.4;
      emit('repeat', at + 1, 0.5 + whole + changed + Math.log10(Math.max(1, length / distance)));
    }
  }
  for (
    let length = 0;
    start - length > 0 && isSameKey(reading, start + length, start - 1 - length);
    length += 1
  ) {
    if (length >= 2) emit('repeat', start + length + 1, 1);
  }
}

/** Years, dates and the numbers people append. */
export function readNumbers(reading: Reading, start: number, emit: Emit): void {
  const { lower } = reading.forms;
  SEPARATED_DATE.lastIndex = start;
  const dated = SEPARATED_DATE.exec(lower);
  if (dated) emit('date', start + dated[0].length, dated[0].length > 8 ? 4.5 : 4.2);
  for (
    let end = start + 1;
    end <= Math.min(lower.length, start + 8) && /\d/.test(lower[end - 1] ?? '');
    end += 1
  ) {
    const digits = lower.slice(start, end);
    const common = COMMON_DIGITS[digits];
    if (common !== undefined) emit('word', end, common);
    if (end - start > 1 && end - start <= 4) emit('word', end, 0.85 * (end - start) + 0.1);
    const dateCost = costOfDate(digits);
    if (dateCost !== undefined) emit('date', end, dateCost);
  }
}

/** One character by plain search; a letter costs less where it is the likely next one in a word or name. */
export function readCharacter(reading: Reading, start: number, emit: Emit): void {
  const { typed, lower, leetI } = reading.forms;
  const char = lower[start] ?? '';
  if (/\d/.test(char)) return emit('random', start + 1, Math.min(1, 0.3 + letterCost(reading, leetI, start)));
  if (/[a-z]/.test(char)) {
    const plain = Math.min(1.42, letterCost(reading, lower, start), 0.1 + letterCost(reading, leetI, start));
    return emit(
      /[a-z]/.test(lower[start - 1] ?? '') ? 'letter' : 'random',
      start + 1,
      plain + caseChangeCost(typed, start),
    );
  }
  if (char > '~') return emit('random', start + 1, 2);
  emit('random', start + 1, Math.min(SYMBOL_COSTS[char] ?? 1.5, 0.3 + letterCost(reading, leetI, start)));
}

function letterCost(reading: Reading, text: string, at: number): number {
  const letter = letterIndex(text, at);
  if (letter === 0) return 2;
  const previous = at > 0 ? letterIndex(text, at - 1) : 0;
  const before = at > 1 && previous > 0 ? letterIndex(text, at - 2) : 0;
  return reading.letterCosts[(before * LETTERS + previous) * LETTERS + letter] ?? 2;
}

/** People write a capital at the beginning; elsewhere it is a choice. */
function caseChangeCost(typed: string, at: number): number {
  const isUpper = (index: number): boolean => /[A-Z]/.test(typed[index] ?? '');
  const followsLetter = /[A-Za-z]/.test(typed[at - 1] ?? '');
  if (!followsLetter) return isUpper(at) ? 0.25 : 0;
  if (isUpper(at)) return isUpper(at - 1) ? 0.15 : 0.6;
  return isUpper(at - 1) && /[A-Za-z]/.test(typed[at - 2] ?? '') ? 0.3 : 0;
}

function costOfDate(digits: string): number | undefined {
  const at = (start: number, end?: number): number => Number(digits.slice(start, end));
  const isDay = (day: number, month: number): boolean => day >= 1 && day <= 31 && month >= 1 && month <= 12;
  const isDayAndMonth = isDay(at(0, 2), at(2, 4)) || isDay(at(2, 4), at(0, 2));
  if (digits.length === 4) return yearCost(at(0)) ?? (isDayAndMonth ? 2.6 : undefined);
  if (digits.length === 6) return isDayAndMonth || isDay(at(4), at(2, 4)) ? 4.2 : undefined;
  if (digits.length !== 8) return undefined;
  if (isDayAndMonth && yearCost(at(4))) return 4.4;
  return yearCost(at(0, 4)) && isDay(at(6), at(4, 6)) ? 4.4 : undefined;
}

function yearCost(year: number): number | undefined {
  if (year >= 2010 && year <= 2030) return 1;
  if (year >= 1900 && year <= 2049) return 1.8;
  return year >= 1800 && year < 1900 ? 2.2 : undefined;
}

/** Cost of the characters that differ from their plain form (capitals, Shift): cheap at one end or all over. */
function flipCost(typed: string, plain: string, start: number, end: number): number {
  let flipped = 0;
  let changes = 0;
  for (let at = start; at < end; at += 1) {
    const isFlipped = typed[at] !== plain[at];
    if (isFlipped) flipped += 1;
    if (at > start && isFlipped !== (typed[at - 1] !== plain[at - 1])) changes += 1;
  }
  if (flipped === 0) return 0;
  const startsCapital = flipped === 1 && typed[start] !== plain[start];
  return startsCapital || changes === 0 ? 0.25 : 0.1 + 0.45 * changes;
}

/** Is it leet and not chance? In a short word half the characters must be letters: any four symbols decode to something. */
function isLeet(lower: string, decoded: string): boolean {
  if (decoded === lower || decoded.length < 4) return false;
  let letters = 0;
  for (let at = 0; at < lower.length; at += 1) if (letterIndex(lower, at) > 0) letters += 1;
  return letters * 2 >= lower.length || lower.length >= 6;
}

/** One choice for each kind of substitution, not for each place it is made in. */
function substitutionCost(lower: string, decoded: string): number {
  const kinds = new Set<string>();
  for (let at = 0; at < lower.length; at += 1) if (lower[at] !== decoded[at]) kinds.add(lower[at] ?? '');
  return 0.3 * kinds.size;
}

function isSameKey({ forms }: Reading, a: number, b: number): boolean {
  return a < forms.lower.length && (forms.keys[a] === forms.keys[b] || forms.leetI[a] === forms.leetI[b]);
}
