/** Longest text the forms keep; a policy that allows more must raise it knowingly, as the estimator's cost grows with it. */
const MAX_FORM_LENGTH = 128;

const SHIFTED = '~!@#$%^&*()_+{}|:"<>?';
const UNSHIFTED = "`1234567890-=[]\\;',./";

/** What people write for a letter. `1`, `!` and `|` stand for i in one reading and for l in the other. */
const LEET: Readonly<Record<string, string>> = {
  '@': 'a',
  '4': 'a',
  '^': 'a',
  '8': 'b',
  '(': 'c',
  '3': 'e',
  '€': 'e',
  '6': 'g',
  '9': 'g',
  '#': 'h',
  '1': 'i',
  '!': 'i',
  '|': 'i',
  '0': 'o',
  '5': 's',
  $: 's',
  '7': 't',
  '+': 't',
  '2': 'z',
};

/** The readings of one password, index-aligned: character `i` of each comes from the same one typed. */
export interface PasswordForms {
  /** Compatibility-decomposed, without accents and invisible characters, case kept: `Ｐáss` → `Pass`. */
  readonly typed: string;
  /** `typed` in lower case. */
  readonly lower: string;
  /** `lower` from end to beginning: the only form that is not aligned. */
  readonly backwards: string;
  /** The US keys pressed, Shift ignored: `!QAZ` → `1qaz`. */
  readonly keys: string;
  /** Leet decoded with 1 as i: `m1ch@el` → `michael`. */
  readonly leetI: string;
  /** Leet decoded with 1 as l: `he11o` → `hello`. */
  readonly leetL: string;
}

/** @returns the readings of `password`, cut to {@link MAX_FORM_LENGTH} characters since one code point may decompose into 18. */
export function formsOf(password: string): PasswordForms {
  const typed = Array.from(stripMarks(password), oneUnit).slice(0, MAX_FORM_LENGTH);
  const lower = typed.map(lowerOne);
  return {
    typed: typed.join(''),
    lower: lower.join(''),
    backwards: lower.toReversed().join(''),
    keys: lower.map(unshift).join(''),
    leetI: lower.map((char) => LEET[char] ?? char).join(''),
    leetL: lower.map((char) => ('1!|'.includes(char) ? 'l' : (LEET[char] ?? char))).join(''),
  };
}

/**
 * One spelling for all look-alikes, for "does it contain the name?": lower case, no accents, leet decoded, and l written
 * as i because `1` may mean either.
 */
export function looseSpelling(text: string): string {
  return Array.from(stripMarks(text).toLowerCase(), (char) => LEET[char] ?? char)
    .join('')
    .replaceAll('l', 'i');
}

/** Lower case, letters and digits only: `Toko-Maju Jaya` → `tokomajujaya`. */
export function squeezed(text: string): string {
  return stripMarks(text)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

function stripMarks(text: string): string {
  return text.normalize('NFKD').replace(/[\p{M}\p{Cf}]/gu, '');
}

/** Gives astral characters (emoji) a stand-in of one UTF-16 unit, so that all forms can be indexed alike. */
function oneUnit(char: string): string {
  return char.length === 1 ? char : String.fromCharCode(0xe000 + ((char.codePointAt(0) ?? 0) % 0x1900));
}

function lowerOne(char: string): string {
  const lower = char.toLowerCase();
  return lower.length === 1 ? lower : char;
}

function unshift(char: string): string {
  const at = SHIFTED.indexOf(char);
  return at < 0 ? char : (UNSHIFTED[at] ?? char);
}
