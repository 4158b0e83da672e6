import { ConfigurationError } from '../config/environment-reader.js';
import { OperatorError } from './operator-error.js';

/** Ends the process with a sentence the operator can act on; only what nobody planned for shows its stack. */
export function exitWithReason(error: unknown): never {
  const isPlanned = error instanceof OperatorError || error instanceof ConfigurationError;
  const text = isPlanned
    ? error.message
    : error instanceof Error
      ? (error.stack ?? error.message)
      : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
