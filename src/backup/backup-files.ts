import { link, mkdir, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { OperatorError } from '../platform/errors/operator-error.js';

/** A file that nobody has written to for so long belongs to a backup that was killed. */
const ABANDONED_MS = 3_600_000;
const PARTIAL = /^\.benteng-.*\.partial$/;

/** Makes the folder if need be, and clears what killed backups have left in it. */
export async function prepareFolder(folder: string, now: Date): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const name of (await readdir(folder)).filter((each) => PARTIAL.test(each))) {
      const file = join(folder, name);
      const { mtimeMs } = await stat(file);
      if (now.getTime() - mtimeMs > ABANDONED_MS) await rm(file, { force: true });
    }
  } catch (error) {
    throw new OperatorError(`The folder for backups cannot be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/**
 * Gives a finished file its name, or with a number the next that is free: no backup ever takes the place of another.
 * @param ending `.dump.age`.
 * @returns the path it has now.
 */
export async function giveName(
  partial: string,
  folder: string,
  stem: string,
  ending: string,
): Promise<string> {
  for (let number = 1; ; number += 1) {
    const file = join(folder, `${stem}${number === 1 ? '' : `-${number}`}${ending}`);
    try {
      await link(partial, file);
      await unlink(partial);
      return file;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') continue;
      // Disks without hard links: looked at first, then moved.
      if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
      if (await exists(file)) continue;
      await rename(partial, file);
      return file;
    }
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
