import { isNativeError } from 'node:util/types';
import { ConfigurationError } from '../config/environment-reader.js';
import { OperatorError } from './operator-error.js';
import { Problem } from './problem.js';

/** What kind of failure ended a program; a promise to whoever reads `--json`. */
export type FailureCode = 'REFUSED' | 'SETTINGS' | 'SYSTEM' | 'DATABASE' | 'UNPLANNED';

/** A failure as the person at the terminal sees it: what it was, in a sentence, without a stack. */
export interface Failure {
  readonly code: FailureCode;
  readonly message: string;
}

/** What the operating system says most, in words (errno(3)). */
const ERRNO_WORDS: Record<string, string> = {
  EACCES: 'permission denied',
  EADDRINUSE: 'the address is in use by another program',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the other side broke the connection',
  EDQUOT: 'the quota of the disk is used up',
  EEXIST: 'it is there already',
  EFBIG: 'the file would be larger than is allowed',
  EIO: 'the disk reports an error',
  EISDIR: 'it is a folder',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'it is not there',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is no folder',
  ENOTEMPTY: 'the folder is not empty',
  ENOTFOUND: 'no machine has that name',
  EPERM: 'not permitted',
  EPIPE: 'whoever read the output has gone',
  EROFS: 'the disk is read-only',
  ETIMEDOUT: 'no answer in time',
};

/** Any thrown value in words. What nobody planned for is said to be so; `LOG_LEVEL=debug` shows where it happened. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof OperatorError) return { code: 'REFUSED', message: error.message };
  if (error instanceof ConfigurationError) return { code: 'SETTINGS', message: error.message };
  if (error instanceof Problem) return { code: 'REFUSED', message: describeProblem(error) };
  for (const cause of causesOf(error)) {
    const message = describeSystem(cause);
    if (message !== null) return { code: 'SYSTEM', message };
    const refusal = describeDatabase(cause);
    if (refusal !== null) return { code: 'DATABASE', message: refusal };
  }
  const words = isNativeError(error) ? error.message : String(error);
  return {
    code: 'UNPLANNED',
    message: `This was not planned for: ${firstLine(words)} (LOG_LEVEL=debug shows where it happened.)`,
  };
}

function describeProblem({ detail, errors = [] }: Problem): string {
  return [detail, ...errors.map(({ message }) => `  - ${message}`)].join('\n');
}

/** The error and what led to it; of several at once (an address with two families) the first. */
function* causesOf(error: unknown): Generator<Error> {
  let next = error;
  for (let depth = 0; isNativeError(next) && depth < 8; depth += 1) {
    yield next;
    next = 'errors' in next && Array.isArray(next.errors) ? next.errors[0] : next.cause;
  }
}

function describeSystem(error: Error): string | null {
  const { code, path, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === undefined || !/^E[A-Z0-9]+$/.test(code) || !('syscall' in error)) return null;
  const place = path ?? (address === undefined ? '' : `${address}${port === undefined ? '' : `:${port}`}`);
  const words = ERRNO_WORDS[code] ?? firstLine(error.message);
  return `${place === '' ? '' : `"${place}": `}${words} (${code}).`;
}

/** Errors of PostgreSQL (SQLSTATE), of the driver or of Prisma; the last line of Prisma's is what the server said. */
function describeDatabase(error: Error): string | null {
  const { code, severity, kind } = error as { code?: unknown; severity?: unknown; kind?: unknown };
  const isServer = typeof severity === 'string' && typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code);
  if (isServer) return `The database refused: ${firstLine(error.message)} (${code}).`;
  if (!/^(PrismaClient|DriverAdapterError)/.test(error.name)) return null;
  const line = error.message.trim().split('\n').at(-1) ?? '';
  const tag = [code, kind].find((value) => typeof value === 'string');
  return `The database refused: ${line.trim()}${tag === undefined ? '' : ` (${tag})`}`;
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0]!.slice(0, 500);
}
