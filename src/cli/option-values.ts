import { InvalidArgumentError } from 'commander';
import { canonicalEmail } from '../platform/identity/email.js';
import { isName } from '../platform/validation/name.js';
import { isUuid } from '../platform/validation/uuid.js';

/**
 * What a flag may hold. Every flag with a value has one of these or a list of choices: a test goes through all commands,
 * since a value that is empty or only blank is a mistake of a script, never a wish.
 */

/** For counts on the command line, 1 to `max`. */
export function parseCount(max: number): (text: string) => number {
  return (text) => {
    const count = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : Number.NaN;
    if (!(count <= max)) throw new InvalidArgumentError(`It must be a whole number from 1 to ${max}.`);
    return count;
  };
}

/** For `--batch-size`. */
export const parseBatchSize = parseCount(99_999);

/** For ids on the command line. */
export function parseId(text: string): string {
  if (!isUuid(text)) throw new InvalidArgumentError('It is not a UUID.');
  return text.toLowerCase();
}

/** For addresses on the command line: canonical. */
export function parseEmail(text: string): string {
  const email = canonicalEmail(text);
  if (email === null) throw new InvalidArgumentError('It is not an email address.');
  return email;
}

/** For names of people and organizations: the rule of the API. */
export function parseName(text: string): string {
  if (!isName(text))
    throw new InvalidArgumentError('It must be text of 1 to 200 characters without control characters.');
  return text;
}

/** For reasons, ids of others and the like. */
export function parseText(text: string): string {
  return parseName(text);
}

/** For files and folders. */
export function parsePath(text: string): string {
  if (text.trim() === '' || /\p{Cc}/u.test(text))
    throw new InvalidArgumentError('It must be the path of a file or folder.');
  return text;
}

/** For addresses of services. */
export function parseWebAddress(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new InvalidArgumentError('It must be an address that begins with https:// or http://.');
  return text;
}
