import { Command, CommanderError } from 'commander';
import { describeFailure } from '../platform/errors/describe-failure.js';
import { stackFor } from '../platform/errors/exit-with-reason.js';
import { COMMANDS } from './commands.js';
import { printDocument } from './output.js';

/**
 * Runs one command line. Whatever goes wrong ends here: a sentence on standard error, with `--json` also `error` in the
 * JSON document on standard output.
 * @param args without the program itself.
 * @returns the exit code: 0, 1, or what the command's help says.
 */
export async function runProgram(args: readonly string[]): Promise<number> {
  const wantsJson = args.includes('--json');
  try {
    await makeProgram().parseAsync(args, { from: 'user' });
    printDocument();
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return reportFailure(error, wantsJson);
  } finally {
    process.exitCode = undefined;
  }
}

/** Says what went wrong. @returns the exit code. */
export function reportFailure(error: unknown, wantsJson: boolean): number {
  if (error instanceof CommanderError) {
    // Commander has printed its words, or the help that was asked for.
    if (error.exitCode !== 0 && wantsJson)
      printDocument({ code: 'USAGE', message: error.message.replace(/^error: /, '') });
    return error.exitCode;
  }
  const failure = describeFailure(error);
  process.stderr.write(`${failure.message}\n${stackFor(error)}`);
  if (wantsJson) printDocument(failure);
  return 1;
}

function makeProgram(): Command {
  const program = new Command('benteng')
    .description('Operator commands; they read the same settings as the server.')
    .usage('<command> [options]');
  for (const command of COMMANDS) program.addCommand(command);
  for (const command of [program, ...COMMANDS])
    command
      .exitOverride()
      .showHelpAfterError('(add --help to see what the command takes)')
      .configureOutput({
        writeOut: (text) => process.stdout.write(text),
        writeErr: (text) => process.stderr.write(text),
      });
  return program;
}
