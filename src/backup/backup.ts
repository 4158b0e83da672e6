import { mkdirSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import type { Config } from '../platform/config/config.js';
import { dumpEmbedded } from '../platform/database/embedded-database.js';
import { OperatorError } from '../platform/errors/operator-error.js';
import { writeAgeFile } from './age-file.js';
import { inspectBackup } from './inspect-backup.js';
import { startTool } from './dump-tools.js';

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
}

/**
 * Writes the whole database into one encrypted file (T-4.3): encrypted before it touches the disk, under another name
 * until it has been read back, so that a file with the right name is always whole.
 * @throws OperatorError; nothing is left behind then.
 */
export async function backUp(config: Config, options: BackupOptions): Promise<BackupReport> {
  const folder = resolve(options.folder);
  makeFolder(folder);
  const isServer = config.databaseUrl !== null;
  const stamp = options.now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const name = `benteng-${stamp}.${isServer ? 'dump' : 'tar.gz'}.age`;
  const partial = join(folder, `.${name}.${process.pid}.partial`);
  const file = join(folder, name);
  try {
    const { sha256, opener } = isServer
      ? await dumpServer(options.url ?? config.databaseMigrationUrl ?? config.databaseUrl, partial, options)
      : await writeAgeFile(
          Readable.fromWeb((await dumpEmbedded(config)).stream() as never),
          partial,
          options,
        );
    const found = await inspectBackup(partial, opener);
    if (found.sha256 !== sha256)
      throw new OperatorError('The file does not hold what was written: the disk may be faulty.');
    await rename(partial, file);
    return { file, bytes: (await stat(file)).size, database: found.database, sha256 };
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function dumpServer(url: string | null, partial: string, options: BackupOptions) {
  const tool = startTool('pg_dump', url, [
    '--format=custom',
    '--compress=6',
    '--schema=benteng',
    '--enable-row-security',
    '--no-owner',
    '--no-privileges',
    '--lock-wait-timeout=30s',
  ]);
  tool.input.end();
  try {
    const written = await writeAgeFile(tool.output, partial, options);
    await tool.ended;
    return written;
  } catch (error) {
    tool.kill();
    if (error instanceof OperatorError) throw error;
    // The words of the program say more than a broken pipe.
    await tool.ended;
    throw error;
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new OperatorError(`The folder for backups cannot be made: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
