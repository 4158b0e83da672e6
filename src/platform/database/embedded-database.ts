import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import type { Config } from '../config/config.js';
import { OperatorError } from '../errors/operator-error.js';
import { DataDirectoryLock } from './data-directory-lock.js';
import type { DatabaseConnection } from './database.js';
import { applyMigrations, type MigrationSession } from './migrations.js';

/** Where a database is restored, beside its place. */
const RESTORING = 'postgres.restoring';

/** Opens the database of DATA_DIR and brings its tables up to date. @throws OperatorError when it is in use or damaged. */
export async function openEmbedded(config: Config): Promise<DatabaseConnection> {
  const { database, lock } = await startEmbedded(config);
  await applyMigrations(embeddedSession(database));
  return {
    kind: 'embedded',
    adapter: new PrismaPGlite(database),
    close: async () => {
      await database.close();
      lock.release();
    },
  };
}

/** Applies pending migrations to it and returns their names. */
export async function migrateEmbedded(config: Config): Promise<string[]> {
  const { database, lock } = await startEmbedded(config);
  try {
    return await applyMigrations(embeddedSession(database));
  } finally {
    await database.close();
    lock.release();
  }
}

async function startEmbedded(config: Config): Promise<{ database: PGlite; lock: DataDirectoryLock }> {
  const lock = DataDirectoryLock.acquire(config.dataDir);
  try {
    // Left by a restoration that was killed; whoever holds the lock knows that none is running.
    rmSync(join(config.dataDir, RESTORING), { recursive: true, force: true });
    return { database: await PGlite.create({ dataDir: join(config.dataDir, 'postgres') }), lock };
  } catch (error) {
    lock.release();
    throw new OperatorError(
      `The embedded database in "${config.dataDir}" cannot be opened: ${(error as Error).message}`,
    );
  }
}

/** A migration session over an embedded database that is already open. */
export function embeddedSession(database: PGlite): MigrationSession {
  return {
    query: async (sql, parameters) => (await database.query<Record<string, unknown>>(sql, parameters)).rows,
    execute: async (script) => {
      await database.exec(script);
    },
  };
}

/** The folder of the embedded database as a compressed archive. The server must be stopped. */
export async function dumpEmbedded(config: Config): Promise<Blob> {
  const { database, lock } = await startEmbedded(config);
  try {
    return await database.dumpDataDir('gzip');
  } finally {
    await database.close();
    lock.release();
  }
}

/**
 * Makes the embedded database from such an archive: beside its place first, and moved there once it has opened.
 * @throws OperatorError when there is a database already, or the archive is none.
 */
export async function loadEmbedded(config: Config, archive: Blob, dryRun: boolean): Promise<void> {
  const lock = DataDirectoryLock.acquire(config.dataDir);
  const place = join(config.dataDir, 'postgres');
  const beside = join(config.dataDir, RESTORING);
  try {
    if (existsSync(place) && readdirSync(place).length > 0)
      throw new OperatorError(
        `There is a database in "${config.dataDir}" already. Choose another DATA_DIR. Nothing was changed.`,
      );
    rmSync(beside, { recursive: true, force: true });
    const database = await PGlite.create({ dataDir: beside, loadDataDir: archive });
    try {
      await applyMigrations(embeddedSession(database));
    } finally {
      await database.close();
    }
    if (!dryRun) {
      rmSync(place, { recursive: true, force: true });
      renameSync(beside, place);
    }
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw new OperatorError(`The backup holds no database that opens: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    rmSync(beside, { recursive: true, force: true });
    lock.release();
  }
}
