import { formsOf, squeezed } from './password-forms.js';
import {
  readCharacter,
  readKeyboardWalks,
  readNumbers,
  readRepeats,
  readSequences,
  readWords,
} from './password-tokens.js';
import type { Reading, Token, TokenKind } from './password-tokens.js';
import { MIN_WORD_LENGTH, wordKnowledge } from './word-ranks.js';

/**
 * log10 of the guesses below which a password is refused. Measured (password-strength.spec.ts): above what the common
 * passwords of leaks reach, below what 99.5 % of random 8-character passwords reach.
 */
const MIN_GUESSES_LOG10 = 9.4;

/** What makes a password easy: the kind of pattern that covers most of it. */
export type GuessableReason = Exclude<TokenKind, 'random' | 'letter'> | 'short';

/** The estimator's answer; `guessesLog10` is log10 of the guesses an attacker who knows the patterns needs. */
type Strength =
  | { readonly guessable: false; readonly guessesLog10: number; readonly reason: null }
  | { readonly guessable: true; readonly guessesLog10: number; readonly reason: GuessableReason };

/**
 * log10 of the choices an attacker makes for each further part: which kind of part comes here. It tells `Budi@123`, three
 * parts, from eight unrelated characters, which are as cheap one by one.
 */
const PART_COST = 0.5;

interface Step extends Token {
  readonly start: number;
}

/**
 * Tells whether somebody who knows how people build passwords would soon guess this one. The password is cut, in the
 * cheapest way there is, into words (as typed, leet, shifted, backwards), keyboard walks, sequences, repeats, dates and
 * single characters; the estimate is the product of their guesses. No order of tokens is assumed unknown to the attacker,
 * so it is lower than zxcvbn's.
 *
 * The work is bounded: at most 128 characters are read, each with at most 24 word lengths and 128 repeat distances.
 * @param password any text; only read, never logged.
 * @param contextWords words an attacker would try first for this account: the parts of its email and organization.
 * @see NIST SP 800-63B rev. 4 §3.1.1.2 (blocklist of common, expected or compromised passwords); ASVS 5.0 V6.2.4 and V6.2.11;
 * Wheeler, "zxcvbn: Low-Budget Password Strength Estimation", USENIX Security 2016 §3.4 (search over matches).
 */
export function isGuessable(password: string, contextWords: readonly string[] = []): Strength {
  const reading = read(password, contextWords);
  const best = cheapestSteps(reading);
  const guessesLog10 = best.reduce((sum, step) => sum + step.cost, 0);
  if (guessesLog10 >= MIN_GUESSES_LOG10) return { guessable: false, guessesLog10, reason: null };
  return { guessable: true, guessesLog10, reason: mainReason(best) };
}

/** Loads the word lists (a third of a second), so that the first person who chooses a password does not wait for them. */
export function loadWordLists(): void {
  wordKnowledge();
}

function read(password: string, contextWords: readonly string[]): Reading {
  const { ranks, letterCosts } = wordKnowledge();
  const context = new Set(contextWords.map(squeezed).filter((word) => word.length >= MIN_WORD_LENGTH));
  return {
    forms: formsOf(password),
    letterCosts,
    ranks: (text) => (context.has(text) ? 1 : ranks.get(text)),
  };
}

/** Shortest path over the positions of the password: `paths[n]` is the cheapest last step that ends at n. */
function cheapestSteps(reading: Reading): Step[] {
  const length = reading.forms.lower.length;
  const totals = new Float64Array(length + 1).fill(Infinity);
  const lastSteps: Step[] = [];
  totals[0] = 0;
  for (let start = 0; start < length; start += 1) {
    const before = totals[start] ?? Infinity;
    const emit = (kind: TokenKind, end: number, readCost: number): void => {
      const cost = readCost + (kind === 'letter' ? 0 : PART_COST);
      if (before + cost >= (totals[end] ?? 0)) return;
      totals[end] = before + cost;
      lastSteps[end] = { kind, start, end, cost };
    };
    for (const reader of READERS) reader(reading, start, emit);
  }
  return walkBack(lastSteps, length);
}

const READERS = [
  readCharacter,
  readWords,
  readKeyboardWalks,
  readSequences,
  readRepeats,
  readNumbers,
] as const;

function walkBack(lastSteps: readonly Step[], length: number): Step[] {
  const steps: Step[] = [];
  for (let step = lastSteps[length]; step !== undefined; step = lastSteps[step.start]) steps.unshift(step);
  return steps;
}

function mainReason(steps: readonly Step[]): GuessableReason {
  const covered = new Map<GuessableReason, number>();
  for (const { kind, start, end } of steps) {
    if (kind !== 'random' && kind !== 'letter') covered.set(kind, (covered.get(kind) ?? 0) + end - start);
  }
  const [first] = [...covered].toSorted(([, a], [, b]) => b - a);
  return first?.[0] ?? 'short';
}
