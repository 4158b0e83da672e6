import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OperatorError } from '../errors/operator-error.js';

/** The embedded database serves one process: two would destroy each other's pages. */
export class DataDirectoryLock {
  private constructor(private readonly file: string) {}

  /**
   * Takes the lock of `dataDir`, or that of a process that is no longer there.
   * @throws OperatorError when the folder cannot be written, or another process holds it.
   */
  static acquire(dataDir: string): DataDirectoryLock {
    const file = join(dataDir, 'lock');
    try {
      mkdirSync(dataDir, { recursive: true, mode: 0o700 });
      for (let attempt = 0; attempt < 3; attempt += 1) {
        if (tryCreate(file)) return new DataDirectoryLock(file);
        assertHolderIsGone(file, dataDir);
        rmSync(file, { force: true });
      }
    } catch (error) {
      if (error instanceof OperatorError) throw error;
      throw new OperatorError(`DATA_DIR "${dataDir}" is not writable: ${(error as Error).message}`);
    }
    throw new OperatorError(`DATA_DIR "${dataDir}" is being taken by another process.`);
  }

  release(): void {
    if (readHolder(this.file)?.identity === processIdentity(process.pid)) rmSync(this.file, { force: true });
  }
}

function tryCreate(file: string): boolean {
  try {
    const holder = { pid: process.pid, identity: processIdentity(process.pid) };
    writeFileSync(file, JSON.stringify(holder), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function assertHolderIsGone(file: string, dataDir: string): void {
  const holder = readHolder(file);
  if (holder === null) return;
  const isThere =
    holder.pid !== process.pid && isRunning(holder.pid) && holder.identity === processIdentity(holder.pid);
  if (!isThere) return;
  throw new OperatorError(
    `DATA_DIR "${dataDir}" is in use by process ${holder.pid}. Stop it first, or set DATA_DIR to another folder; ` +
      'several processes need a PostgreSQL server (DATABASE_URL).',
  );
}

function readHolder(file: string): { pid: number; identity: string } | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { pid: number; identity: string };
  } catch {
    return null; // cut by a crash while it was written
  }
}

/** Whether a process of this machine has the number, its own or somebody else's. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Pid and, on Linux, its start time (proc(5), field 22): a pid that was given again is another process. */
function processIdentity(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return `${pid}@${fields[19]}`;
  } catch {
    return `${pid}`;
  }
}
