import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** What a command did. */
export interface CommandResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const main = join(__dirname, '../../dist/cli/main.js');

/**
 * Runs a command of the built program with nothing in its environment but what is given.
 * @param killAfterMs SIGKILL at that moment, if it still runs.
 */
export function runCommand(
  args: readonly string[],
  environment: Record<string, string> = {},
  killAfterMs?: number,
): Promise<CommandResult> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: environment['DATA_DIR'] ?? __dirname,
    env: { PATH: process.env['PATH'], NODE_ENV: 'development', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(killAfterMs !== undefined && { timeout: killAfterMs, killSignal: 'SIGKILL' as const }),
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}
