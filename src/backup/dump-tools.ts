import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { readEnvironment } from '../platform/config/load-config.js';
import { OperatorError } from '../platform/errors/operator-error.js';

/** The part of PostgreSQL's standard error that is shown. */
const SHOWN_CHARACTERS = 2000;

/** A program of PostgreSQL that is running. */
export interface Tool {
  readonly input: Writable;
  readonly output: Readable;
  /** Settles when it has ended well. @throws OperatorError with its own words. */
  readonly ended: Promise<void>;
  kill(): void;
}

/**
 * Starts `pg_dump` or `pg_restore`. The password goes through the environment, where other users of the machine cannot
 * read it, never through the arguments. Every organization's rows are in scope.
 * @param url null: a call without a database.
 * @param onWords told what it says on standard error, in English, as it comes.
 */
export function startTool(
  name: 'pg_dump' | 'pg_restore',
  url: string | null,
  args: readonly string[],
  onWords: (text: string) => void = () => undefined,
): Tool {
  const { password, address } = url === null ? { password: '', address: null } : splitPassword(url);
  const child: ChildProcess = spawn(name, [...args, ...(address === null ? [] : [`--dbname=${address}`])], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      PATH: readEnvironment()['PATH'],
      LC_ALL: 'C',
      PGCONNECT_TIMEOUT: '10',
      PGAPPNAME: 'benteng-backup',
      // Row security is on for the owner too: `*` is the scope that looks across organizations.
      PGOPTIONS: '-c benteng.organization=*',
      ...(password !== '' && { PGPASSWORD: password }),
    },
  });
  let words = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    // The last words say why it failed.
    words = (words + chunk.toString()).slice(-SHOWN_CHARACTERS);
    onWords(chunk.toString());
  });
  // A program that has read enough closes its input: its exit code tells whether that was right.
  child.stdin!.on('error', () => undefined);
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        new OperatorError(
          error.code === 'ENOENT'
            ? `${name} is not installed; it comes with the client programs of PostgreSQL (Debian: postgresql-client).`
            : `${name} cannot be run: ${error.message}`,
        ),
      ),
    );
    child.on('close', (code) =>
      code === 0
        ? resolve()
        : reject(new OperatorError(`${name} failed: ${faultsIn(words) || `exit code ${code}`}`)),
    );
  });
  // Looked at later; until then a failure is no crash.
  ended.catch(() => undefined);
  return { input: child.stdin!, output: child.stdout!, ended, kill: () => void child.kill() };
}

function splitPassword(url: string): { password: string; address: string } {
  const address = new URL(url);
  const password = decodeURIComponent(address.password);
  address.password = '';
  return { password, address: address.toString() };
}

/** What it said of its failure, without what `--verbose` told of its progress. */
function faultsIn(words: string): string {
  return words
    .split('\n')
    .filter((line) => !/^pg_(dump|restore): (?!error|detail|hint|warning)/.test(line))
    .join('\n')
    .trim();
}
