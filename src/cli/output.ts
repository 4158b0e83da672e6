import { type Failure } from '../platform/errors/describe-failure.js';

/** What a command has to say to a machine; printed when it ends, so that there is one document, whatever happens. */
let document: object | undefined;

/** Prints a result for people, or keeps it for machines when `--json` was given. */
export function printResult(json: boolean | undefined, result: object, lines: readonly string[]): void {
  if (json) document = result;
  else process.stdout.write(`${lines.join('\n')}\n`);
}

/**
 * Prints the one JSON document of a run: the result, and with a failure `error` in it, `{ code, message }`. Nothing when
 * a command that takes no `--json` or was not given it ended well.
 */
export function printDocument(failure?: {
  readonly code: string;
  readonly message: Failure['message'];
}): void {
  const whole = failure === undefined ? document : { ...document, error: failure };
  document = undefined;
  if (whole !== undefined) process.stdout.write(`${JSON.stringify(whole, null, 2)}\n`);
}
