import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TestClient } from './test-client.js';

/** Whom a start on an empty database makes in development. */
export const FIRST_ADMINISTRATOR = 'admin@benteng.test';

const main = join(__dirname, '../../dist/main.js');

/** The built program as an operator starts it. */
export interface Program {
  readonly url: string;
  /** What it has printed so far. */
  output(): string;
  readonly process: ChildProcess;
}

const running = new Set<ChildProcess>();

/** Starts the program in a folder and waits until it says it is ready. */
export async function startProgram(folder: string, environment: Record<string, string>): Promise<Program> {
  const child = spawn(process.execPath, [main], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'development',
      DATA_DIR: join(folder, 'data'),
      PORT: '0',
      PUBLIC_URL: 'http://localhost:3000',
      LOG_LEVEL: 'warn',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  for (let waited = 0; waited < 750; waited += 1) {
    const url = /ready at (\S+)\n/.exec(output)?.[1];
    if (url !== undefined) {
      await delay(50); // the lines after it
      return { url, output: () => output, process: child };
    }
    if (child.exitCode !== null) break;
    await delay(80);
  }
  throw new Error(`the program did not start: ${output}`);
}

/** SIGTERM, and until it has ended by itself. @returns its exit code. */
export async function terminate(child: ChildProcess): Promise<number | null> {
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
  return child.exitCode;
}

/** SIGKILL: the program gets no chance to tidy up. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Ends whatever a test left running. */
export async function killAll(): Promise<void> {
  await Promise.all([...running].map(kill));
}

/** Takes over the first administrator that a program announced on an empty database. */
export async function takeOver(url: string, output: string, newPassword: string): Promise<void> {
  const password = /Temporary password[^:]*: (\S+)/.exec(output)![1]!;
  const owner = new TestClient(url, '10.0.0.1');
  await forcedChange(owner, { email: FIRST_ADMINISTRATOR, password }, newPassword);
}

/** Signs in with a temporary password and changes it, which leaves the client signed in. */
export async function forcedChange(
  client: TestClient,
  credentials: { email: string; password: string },
  newPassword: string,
): Promise<void> {
  const { body } = await client.login(credentials);
  const { challengeToken } = body as { challengeToken: string };
  const changed = await client.post('/auth/password-change', { challengeToken, newPassword });
  expect(changed.status).toBe(200);
  client.accessToken = (changed.body as { accessToken: string }).accessToken;
}

/** Resident memory of a running program, in MiB. */
export function residentMiB({ pid }: ChildProcess): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;
}
