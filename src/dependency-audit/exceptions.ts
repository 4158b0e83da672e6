import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OperatorError } from '../platform/errors/operator-error.js';
import { readJson } from './lockfile.js';

/** A finding that somebody looked at and lets stand until a day. */
export interface AuditException {
  /** `GHSA-…`, or the kind of a finding such as `licence`. */
  readonly id: string;
  readonly package: string;
  readonly reason: string;
  /** `2027-01-31`: after this day it counts again. */
  readonly expires: string;
}

export const EXCEPTIONS_FILE = 'security-exceptions.json';

/** The one file of exceptions. @throws OperatorError for an entry without reason or day. */
export function readExceptions(root: string): AuditException[] {
  const file = join(root, EXCEPTIONS_FILE);
  if (!existsSync(file)) return [];
  const entries = readJson(file);
  if (!Array.isArray(entries)) throw new OperatorError(`${EXCEPTIONS_FILE} must be a list.`);
  return entries.map((entry: Partial<AuditException>, index) => {
    const { id, package: name, reason, expires } = entry;
    const isDay =
      typeof expires === 'string' &&
      /^\d{4}-\d{2}-\d{2}$/.test(expires) &&
      !Number.isNaN(Date.parse(expires));
    if (!id || !name || !reason || reason.trim().length < 10 || !isDay)
      throw new OperatorError(
        `${EXCEPTIONS_FILE}, entry ${index + 1}: id, package, a reason of ten characters or more, and expires (2027-01-31) are needed.`,
      );
    return { id, package: name, reason, expires };
  });
}
