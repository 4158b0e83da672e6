import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common';
import { dictionary as english } from '@zxcvbn-ts/language-en';
import { dictionary as indonesian } from '@zxcvbn-ts/language-id';
import { CALENDAR_WORDS, LEAKED_PASSWORDS, OUR_WORDS } from './context-words.js';

/** Shorter words save an attacker nothing over plain search. */
export const MIN_WORD_LENGTH = 3;
/** Longer entries are cut off: nobody's common password is longer, and look-ups per position stay bounded. */
export const MAX_WORD_LENGTH = 24;

/** The letters a to z, and the beginning of a word. */
export const LETTERS = 27;

/** What the estimator knows of words. */
export interface WordKnowledge {
  /** Lower-case word or password → its place in the order an attacker would try them (1 = first). */
  readonly ranks: ReadonlyMap<string, number>;
  /** log10 of 1/probability of a letter after two others, 27³ values; 0 is a word's beginning, 1 to 26 are a to z. */
  readonly letterCosts: Float32Array;
}

let knowledge: WordKnowledge | undefined;

/** Builds the word table on first use (about 200 000 words) and keeps it for the life of the process. */
export function wordKnowledge(): WordKnowledge {
  knowledge ??= buildKnowledge();
  return knowledge;
}

/** Neighbours of each US key, always six, in a fixed order of directions; null at the keyboard's edge. */
export const KEY_NEIGHBOURS: ReadonlyMap<string, readonly (string | null)[]> = new Map(
  Object.entries(adjacencyGraphs.qwerty as Record<string, (string | null)[]>).map(([key, around]) => [
    key,
    around.map((pair) => pair?.[0] ?? null),
  ]),
);

/** Index of a letter in {@link WordKnowledge.letterCosts}: 1 to 26, or 0 for anything that is not a to z. */
export function letterIndex(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 97 && code <= 122 ? code - 96 : 0;
}

/** Lists in order of likelihood keep their order; alphabetical ones get one middling rank for all their words. */
function buildKnowledge(): WordKnowledge {
  const ranks = new Map<string, number>();
  const add = (words: readonly (string | number)[], flatRank?: number): void => {
    words.forEach((word, index) => keepBest(ranks, String(word).toLowerCase(), flatRank ?? index + 1));
  };
  add(common['passwords-common']);
  add(english['commonWords-en']);
  add(english['wikipedia-en']);
  add(english['lastnames-en']);
  add(indonesian['commonWords-id']);
  add(indonesian['wikipedia-id']);
  add(english['firstnames-en'], 1500);
  add(indonesian['names-id'], 1000);
  add(common['diceware-common'], 7776);
  add(OUR_WORDS, 200);
  add(CALENDAR_WORDS, 30);
  add(LEAKED_PASSWORDS, 1000);
  return { ranks, letterCosts: learnLetters(ranks.keys()) };
}

function keepBest(ranks: Map<string, number>, entry: string, rank: number): void {
  const word = /^[\x20-\x7e]*$/.test(entry) ? entry : entry.normalize('NFKD').replace(/\p{M}/gu, '');
  if (word.length < MIN_WORD_LENGTH || word.length > MAX_WORD_LENGTH) return;
  const known = ranks.get(word);
  if (known === undefined || rank < known) ranks.set(word, rank);
}

/** Learns which letters follow which, so that a name on no list ("Sakthivel") still costs less than random letters. */
function learnLetters(words: Iterable<string>): Float32Array {
  const pairs = new Float32Array(LETTERS * LETTERS);
  const triples = new Float32Array(LETTERS ** 3);
  for (const word of words) {
    if (/^[a-z]+$/.test(word)) countLetters(word, pairs, triples);
  }
  return triples.map((_, at) => letterCost(at, pairs, triples));
}

function countLetters(word: string, pairs: Float32Array, triples: Float32Array): void {
  let before = 0;
  let previous = 0;
  for (let at = 0; at < word.length; at += 1) {
    const letter = letterIndex(word, at);
    pairs[previous * LETTERS + letter]! += 1;
    triples[(before * LETTERS + previous) * LETTERS + letter]! += 1;
    before = previous;
    previous = letter;
  }
}

/** Triples backed by pairs, pairs by the uniform 1/26: no sequence of letters is impossible. */
function letterCost(at: number, pairs: Float32Array, triples: Float32Array): number {
  const context = Math.floor(at / LETTERS);
  const previous = context % LETTERS;
  const letter = at % LETTERS;
  const pair = (pairs[previous * LETTERS + letter]! + 10 / 26) / (rowTotal(pairs, previous) + 10);
  return -Math.log10((triples[at]! + 20 * pair) / (rowTotal(triples, context) + 20));
}

function rowTotal(table: Float32Array, row: number): number {
  let total = 0;
  for (let at = row * LETTERS; at < (row + 1) * LETTERS; at += 1) total += table[at]!;
  return total;
}
