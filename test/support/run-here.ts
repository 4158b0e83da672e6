import { runProgram } from '../../src/cli/run-program.js';
import type { CommandResult } from './cli.js';

/**
 * Runs a command in this process, with nothing in its environment but what is given: a start of Node costs more than
 * most commands.
 * @param isTerminal whether standard error claims to be a terminal, which progress bars are drawn on.
 */
export async function runHere(
  args: readonly string[],
  environment: Record<string, string>,
  { isTerminal = false } = {},
): Promise<CommandResult> {
  let [out, err] = ['', ''];
  const terminal = Object.getOwnPropertyDescriptor(process.stderr, 'isTTY');
  const keep = process.env;
  const spies = [
    jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => ((out += String(chunk)), true)),
    jest.spyOn(process.stderr, 'write').mockImplementation((chunk) => ((err += String(chunk)), true)),
  ];
  process.env = { PATH: keep['PATH'], NODE_ENV: 'development', ...environment };
  Object.defineProperty(process.stderr, 'isTTY', { value: isTerminal, configurable: true });
  try {
    const code = await runProgram(args);
    return { code, out, err };
  } finally {
    process.env = keep;
    if (terminal === undefined) Reflect.deleteProperty(process.stderr, 'isTTY');
    else Object.defineProperty(process.stderr, 'isTTY', terminal);
    for (const spy of spies) spy.mockRestore();
  }
}
