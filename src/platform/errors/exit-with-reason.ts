import { isNativeError } from 'node:util/types';
import { readEnvironment } from '../config/load-config.js';
import { describeFailure } from './describe-failure.js';

/** Ends the process with a sentence the operator can act on, on standard error, and exit code 1. */
export function exitWithReason(error: unknown): never {
  process.stderr.write(`${describeFailure(error).message}\n${stackFor(error)}`);
  process.exit(1);
}

/** The stack, for whoever set `LOG_LEVEL` to see it; else nothing. */
export function stackFor(error: unknown): string {
  return isDebugging() && isNativeError(error) ? `${error.stack ?? ''}\n` : '';
}

function isDebugging(): boolean {
  try {
    return /^(debug|trace)$/.test(readEnvironment()['LOG_LEVEL'] ?? '');
  } catch {
    return false; // settings that cannot be read are what is being told
  }
}
