import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectoryLock } from './data-directory-lock.js';

describe('the lock of the data folder', () => {
  const children: ChildProcess[] = [];
  afterAll(() => children.forEach((child) => child.kill('SIGKILL')));

  const aFolder = () => mkdtempSync(join(tmpdir(), 'benteng-lock-'));
  const lockFileOf = (folder: string) => join(folder, 'lock');
  /** A process that runs, with its identity as the lock writes it. */
  const aProcess = async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    children.push(child);
    await new Promise((resolve) => child.once('spawn', resolve));
    const pid = child.pid!;
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return { child, pid, identity: `${pid}@${startTime}` };
  };
  const write = (folder: string, holder: { pid: number; identity: string }) =>
    writeFileSync(lockFileOf(folder), JSON.stringify({ pid: holder.pid, identity: holder.identity }));

  it('is taken in a folder that does not exist yet, and given back', () => {
    const folder = join(aFolder(), 'deep', 'data');
    const lock = DataDirectoryLock.acquire(folder);
    expect(JSON.parse(readFileSync(lockFileOf(folder), 'utf8'))).toMatchObject({ pid: process.pid });
    lock.release();
    expect(existsSync(lockFileOf(folder))).toBe(false);
  });

  it('is refused while another process holds it, with advice', async () => {
    const folder = aFolder();
    const holder = await aProcess();
    write(folder, holder);
    expect(() => DataDirectoryLock.acquire(folder)).toThrow(
      `DATA_DIR "${folder}" is in use by process ${holder.pid}. Stop it first`,
    );
    expect(existsSync(lockFileOf(folder))).toBe(true);
  });

  it('is taken over from a process that is gone', async () => {
    const folder = aFolder();
    const holder = await aProcess();
    write(folder, holder);
    const gone = new Promise((resolve) => holder.child.once('exit', resolve));
    holder.child.kill('SIGKILL');
    await gone;
    DataDirectoryLock.acquire(folder).release();
  });

  it('is taken over when the number of the process was given to another one since', async () => {
    const folder = aFolder();
    const holder = await aProcess();
    write(folder, { ...holder, identity: `${holder.pid}@1` });
    DataDirectoryLock.acquire(folder).release();
  });

  it('is taken over when a crash cut it while it was written', () => {
    const folder = aFolder();
    writeFileSync(lockFileOf(folder), '{"pid":');
    DataDirectoryLock.acquire(folder).release();
  });

  it('of somebody else is not removed by a late release', async () => {
    const folder = aFolder();
    const lock = DataDirectoryLock.acquire(folder);
    write(folder, await aProcess());
    lock.release();
    expect(existsSync(lockFileOf(folder))).toBe(true);
  });

  it('says so when the folder cannot be written', () => {
    const folder = aFolder();
    writeFileSync(join(folder, 'file'), '');
    expect(() => DataDirectoryLock.acquire(join(folder, 'file'))).toThrow(/^DATA_DIR ".*" is not writable: /);
  });
});
