import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Config } from '../platform/config/config.js';
import { assertKnownMigrations } from '../platform/database/migrations.js';
import { loadEmbedded } from '../platform/database/embedded-database.js';
import { describeServer, migrateDatabase } from '../platform/database/open-database.js';
import { OperatorError } from '../platform/errors/operator-error.js';
import { readAgeFile, type Opener } from './age-file.js';
import { startTool } from './dump-tools.js';
import { inspectBackup, type BackupContent } from './inspect-backup.js';
import { withListFile } from './list-file.js';
import type { StepProgress } from './step-progress.js';

/** What was restored. */
export interface RestoreReport {
  readonly database: 'postgresql' | 'embedded';
  readonly sha256: string;
  /** Migrations that were applied on top, since the backup is older than this program. */
  readonly migrated: string[];
  readonly dryRun: boolean;
}

/**
 * Restores a backup into an empty database (T-4.3). The whole file is read and judged before anything is touched, and the
 * restoration itself is one transaction, or one rename: it happens wholly or not at all.
 * @param onProgress told how far reading and then restoring has come.
 * @throws OperatorError; nothing was changed then.
 */
export async function restore(
  config: Config,
  file: string,
  opener: Opener,
  dryRun: boolean,
  onProgress: StepProgress = () => undefined,
): Promise<RestoreReport> {
  const content = await inspectBackup(file, opener, (done, total) => onProgress('Reading', done, total));
  const { database, sha256 } = content;
  const target = config.databaseUrl === null ? 'embedded' : 'postgresql';
  if (database !== target) {
    throw new OperatorError(
      database === 'embedded'
        ? 'This is a backup of an embedded database: restore it without DATABASE_URL.'
        : 'This is a backup of a PostgreSQL server: set DATABASE_URL to an empty database.',
    );
  }
  assertKnownMigrations(content.migrations);
  const source: Source = {
    content,
    open: () => readAgeFile(file, opener, (done, total) => onProgress('Restoring', done, total)),
  };
  if (target === 'embedded') await restoreEmbedded(config, source, dryRun);
  else await restoreServer(config.databaseMigrationUrl ?? config.databaseUrl!, source, dryRun);
  return { database, sha256, dryRun, migrated: dryRun ? [] : await migrateDatabase(config) };
}

/** A backup that was read and judged. */
interface Source {
  readonly content: BackupContent;
  /** Its plaintext, once more from the beginning. */
  readonly open: () => Promise<Readable>;
}

async function restoreEmbedded(config: Config, { open }: Source, dryRun: boolean): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of (await open()) as AsyncIterable<Buffer>) chunks.push(chunk);
  const archive = new Blob([Uint8Array.from(Buffer.concat(chunks))], { type: 'application/x-gzip' });
  await loadEmbedded(config, archive, dryRun);
}

async function restoreServer(url: string, { content, open }: Source, dryRun: boolean): Promise<void> {
  const { tables, hasSchema } = await describeServer(url);
  if (tables > 0)
    throw new OperatorError(
      `The database is not empty: its schema benteng has ${tables} tables. Restore into a new one. Nothing was changed.`,
    );
  if (dryRun) return;
  await withListFile(
    // db:roles may have made the schema already; then it is not made again.
    content.list.split('\n').filter((line) => !hasSchema || !/ SCHEMA - benteng /.test(line)),
    async (listFile) => {
      const tool = startTool('pg_restore', url, [
        '--single-transaction',
        '--exit-on-error',
        '--no-owner',
        '--no-privileges',
        '--enable-row-security',
        `--use-list=${listFile}`,
      ]);
      await pipeline(await open(), tool.input).catch(() => undefined);
      await tool.ended;
    },
  );
}
