import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRunning } from '../platform/database/data-directory-lock.js';

const PREFIX = 'benteng-restore-';

/**
 * Runs `work` with a file that lists what `pg_restore` shall take (it reads no list from a pipe), in a folder of its own,
 * which is gone afterwards. The folders of runs that were killed are cleared first; their names tell the process.
 */
export async function withListFile(
  lines: readonly string[],
  work: (file: string) => Promise<void>,
): Promise<void> {
  await clearAbandoned();
  const folder = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  try {
    const file = join(folder, 'list');
    await writeFile(file, lines.join('\n'), { mode: 0o600 });
    await work(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function clearAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = /^benteng-restore-(\d+)-/.exec(name)?.[1];
    // Somebody else's folder stays: it cannot be removed, and is not ours to judge.
    if (pid !== undefined && !isRunning(Number(pid)))
      await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
}
