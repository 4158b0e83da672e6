import { GENERIC_NAME_WORDS } from './context-words.js';
import { looseSpelling, squeezed } from './password-forms.js';
import { isGuessable } from './password-strength.js';
import type { GuessableReason } from './password-strength.js';

/** Shortest password, in code points (ASVS V6.2.1; L-S6.1). */
const MIN_PASSWORD_LENGTH = 8;
/** Longest password, in code points: argon2id has no limit of its own, the cost of checking has (ASVS V6.2.9 asks for 64 or more). */
export const MAX_PASSWORD_LENGTH = 128;

const MIN_NAME_LENGTH = 4;
const PRODUCT_NAME = 'benteng';

/** A rule the password does not fulfil: a stable `code` in snake_case and a sentence for the person, safe to show. */
export type PasswordFault = { code: string; message: string };

/** Whose password it is. Whether it equals the current one is not decided here: that takes the stored hash. */
export interface PasswordContext {
  readonly email: string;
  readonly organizationName?: string | null;
  readonly currentPasswordMatches?: never;
}

const COMPOSITION_RULES: readonly { code: string; pattern: RegExp; message: string }[] = [
  { code: 'needs_lowercase', pattern: /\p{Ll}/u, message: 'Add at least one lower-case letter.' },
  { code: 'needs_uppercase', pattern: /\p{Lu}/u, message: 'Add at least one upper-case letter.' },
  { code: 'needs_digit', pattern: /\p{Nd}/u, message: 'Add at least one digit.' },
  // An accent typed as a character of its own (NFD) belongs to its letter.
  {
    code: 'needs_symbol',
    pattern: /[^\p{L}\p{M}\p{N}]/u,
    message: 'Add at least one symbol, such as - ! or a space.',
  },
];

const HELP = 'Add two or three unrelated words, or let a password manager make one.';

const GUESSABLE_MESSAGES: Readonly<Record<GuessableReason, string>> = {
  word: `This is a common word, name or password with small changes, which is tried first. ${HELP}`,
  keyboard: `This follows the keys of a keyboard, which is easy to guess. ${HELP}`,
  sequence: `This follows a sequence such as abcd or 1234, which is easy to guess. ${HELP}`,
  repeat: `This repeats the same few characters, which is easy to guess. ${HELP}`,
  date: `This is mostly a date, and dates are quickly tried through. ${HELP}`,
  short: `This is too simple to withstand guessing. ${HELP}`,
};

/**
 * Checks a new password against every rule that needs neither the network nor the database. It is read as typed; look-alike
 * spellings are compared only here, and nothing of them is stored.
 * @param password the password as typed, any length.
 * @param context the account's email address and its organization's name.
 * @returns every rule not fulfilled, in a fixed order; empty when the password is acceptable. Codes: `too_short`,
 * `too_long`, `needs_lowercase`, `needs_uppercase`, `needs_digit`, `needs_symbol`, `contains_email_name`,
 * `contains_organization_name`, `contains_product_name`, `guessable`. Beyond 128 code points only `too_long`: the rest is not run.
 * @see L-S6.1; NIST SP 800-63B rev. 4 §3.1.1.2; ASVS 5.0 V6.2.1, V6.2.4, V6.2.9, V6.2.11. The composition rules are the
 * project's own demand: NIST and ASVS V6.2.5 advise against them.
 */
export function checkPassword(password: string, context: PasswordContext): PasswordFault[] {
  const length = codePoints(password, MAX_PASSWORD_LENGTH + 1);
  if (length > MAX_PASSWORD_LENGTH) {
    return [{ code: 'too_long', message: `Use at most ${MAX_PASSWORD_LENGTH} characters.` }];
  }
  const names = namesOf(context);
  const faults = [...compositionFaults(password, length), ...nameFaults(password, names)];
  // A password that is short anyway gets no lecture about guessing on top.
  if (length < MIN_PASSWORD_LENGTH) return faults;
  const strength = isGuessable(password, names.contextWords);
  if (strength.guessable) faults.push({ code: 'guessable', message: GUESSABLE_MESSAGES[strength.reason] });
  return faults;
}

/** Counts code points, stopping at `limit`, so that a megabyte of text costs no more than a password. */
function codePoints(text: string, limit: number): number {
  let count = 0;
  for (const _ of text) {
    count += 1;
    if (count === limit) break;
  }
  return count;
}

function compositionFaults(password: string, length: number): PasswordFault[] {
  const missing = COMPOSITION_RULES.filter(({ pattern }) => !pattern.test(password));
  const faults = missing.map(({ code, message }) => ({ code, message }));
  if (length >= MIN_PASSWORD_LENGTH) return faults;
  return [{ code: 'too_short', message: `Use at least ${MIN_PASSWORD_LENGTH} characters.` }, ...faults];
}

interface Names {
  readonly email: readonly string[];
  readonly organization: readonly string[];
  readonly contextWords: readonly string[];
}

/** The words a password must not contain; shorter ones than four characters would forbid too much. */
function namesOf({ email, organizationName }: PasswordContext): Names {
  const at = email.lastIndexOf('@');
  const localPart = at < 0 ? email : email.slice(0, at);
  const organizationWords = splitWords(organizationName ?? '', /[^\p{L}\p{M}\p{N}]+/u);
  const emailWords = splitWords(localPart, /[._\-+]+/);
  const telling = organizationWords.filter((word) => !GENERIC_NAME_WORDS.has(word.toLowerCase()));
  return {
    email: longEnough([localPart, ...emailWords]),
    organization: longEnough([organizationWords.join(''), telling.join(''), ...telling]),
    contextWords: [...emailWords, ...organizationWords, PRODUCT_NAME],
  };
}

function splitWords(text: string, separator: RegExp): string[] {
  return text.split(separator).filter((word) => word !== '');
}

function longEnough(names: readonly string[]): string[] {
  return names.filter((name) => codePoints(squeezed(name), MIN_NAME_LENGTH) === MIN_NAME_LENGTH);
}

function nameFaults(password: string, names: Names): PasswordFault[] {
  const spellings = spellingsOf(password);
  const rules = [
    { code: 'contains_email_name', names: names.email, whose: 'the name in your email address' },
    { code: 'contains_organization_name', names: names.organization, whose: "your organization's name" },
    { code: 'contains_product_name', names: [PRODUCT_NAME], whose: "this product's name" },
  ];
  return rules
    .filter((rule) => rule.names.some((name) => containsName(spellings, name)))
    .map(({ code, whose }) => ({
      code,
      message: `Leave out ${whose}, also in other spellings: it is tried first.`,
    }));
}

/** As typed, without punctuation (`Toko-Maju`), and both with look-alikes written as letters (`8ent3ng`, `B.3.n.t`). */
function spellingsOf(text: string): string[] {
  const loose = looseSpelling(text);
  return [squeezed(text), loose, squeezed(loose), looseSpelling(squeezed(text))];
}

/** Each spelling is compared with the name spelled in the same way; a name emptied by that proves nothing. */
function containsName(passwordSpellings: readonly string[], name: string): boolean {
  const nameSpellings = spellingsOf(name);
  return passwordSpellings.some((spelling, index) => {
    const part = nameSpellings[index] ?? '';
    return part.length >= MIN_NAME_LENGTH && spelling.includes(part);
  });
}
