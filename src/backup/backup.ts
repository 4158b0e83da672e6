import { rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import type { Config } from '../platform/config/config.js';
import { dumpEmbedded } from '../platform/database/embedded-database.js';
import { measureTables } from '../platform/database/open-database.js';
import { OperatorError } from '../platform/errors/operator-error.js';
import { writeAgeFile } from './age-file.js';
import { giveName, prepareFolder } from './backup-files.js';
import { inspectBackup } from './inspect-backup.js';
import { startTool } from './dump-tools.js';
import type { StepProgress } from './step-progress.js';

/** What was written. */
export interface BackupReport {
  readonly file: string;
  readonly bytes: number;
  readonly database: 'postgresql' | 'embedded';
  /** SHA-256 of what is inside, hexadecimal. */
  readonly sha256: string;
}

export interface BackupOptions {
  readonly folder: string;
  readonly passphrase?: string | undefined;
  /** Public keys of age; instead of the passphrase. */
  readonly recipients: readonly string[];
  readonly now: Date;
  /** Address of a role that may read everything; else the migration address, else DATABASE_URL. */
  readonly url?: string | undefined;
  readonly onProgress?: StepProgress;
}

/**
 * Writes the whole database into one encrypted file (T-4.3): encrypted before it touches the disk, under another name
 * until it has been read back, so that a file with the right name is always whole.
 * @throws OperatorError; nothing is left behind then.
 */
export async function backUp(config: Config, options: BackupOptions): Promise<BackupReport> {
  const folder = resolve(options.folder);
  await prepareFolder(folder, options.now);
  const url = options.url ?? config.databaseMigrationUrl ?? config.databaseUrl;
  const stem = `benteng-${options.now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
  const ending = config.databaseUrl === null ? '.tar.gz.age' : '.dump.age';
  const partial = join(folder, `.${stem}.${process.pid}${ending}.partial`);
  try {
    const { sha256, opener } =
      config.databaseUrl === null
        ? await writeEmbedded(config, partial, options)
        : await dumpServer(url!, partial, options);
    const found = await inspectBackup(partial, opener, (done, total) =>
      options.onProgress?.('Reading back', done, total),
    );
    if (found.sha256 !== sha256)
      throw new OperatorError('The file does not hold what was written: the disk may be faulty.');
    const file = await giveName(partial, folder, stem, ending);
    return { file, bytes: (await stat(file)).size, database: found.database, sha256 };
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function writeEmbedded(config: Config, partial: string, options: BackupOptions) {
  const archive = await dumpEmbedded(config);
  const content = Readable.fromWeb(archive.stream() as never);
  return writeAgeFile(content, partial, options, (done) =>
    options.onProgress?.('Writing', done, archive.size),
  );
}

async function dumpServer(url: string, partial: string, options: BackupOptions) {
  const tables = await measureTables(url);
  const args = [
    '--format=custom',
    '--compress=6',
    '--schema=benteng',
    '--enable-row-security',
    '--no-owner',
    '--no-privileges',
    '--lock-wait-timeout=30s',
    '--verbose',
  ];
  const tool = startTool('pg_dump', url, args, followTables(tables, options.onProgress));
  tool.input.end();
  try {
    const written = await writeAgeFile(tool.output, partial, options);
    await tool.ended;
    return written;
  } catch (error) {
    tool.kill();
    // The words of the program say more than a stream that broke off; else it was our side, a full disk for example.
    if ((error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE') await tool.ended;
    throw error;
  }
}

/** Reads from the words of `pg_dump --verbose` which table it has come to: the ones before are done. */
function followTables(tables: ReadonlyMap<string, number>, onProgress: StepProgress | undefined) {
  const total = [...tables.values()].reduce((sum, bytes) => sum + bytes, 0);
  let [done, current] = [0, 0];
  return (words: string): void => {
    for (const [, name] of words.matchAll(/dumping contents of table "([^"]+)"/g)) {
      done += current;
      current = tables.get(name!) ?? 0;
      onProgress?.('Writing', done, total);
    }
  };
}
