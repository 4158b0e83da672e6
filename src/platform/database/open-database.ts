import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import type { Config } from '../config/config.js';
import { OperatorError } from '../errors/operator-error.js';
import { AdvisoryLocks } from './advisory-locks.js';
import { DataDirectoryLock } from './data-directory-lock.js';
import type { DatabaseConnection } from './database.js';
import { isDatabaseUnavailable } from './database-errors.js';
import { applyMigrations, type MigrationSession } from './migrations.js';
import { TenantPool } from './tenant-client.js';

/**
 * Opens the database that the settings name and brings its tables up to date.
 * @throws OperatorError when it cannot be reached, is locked, or is newer than this program.
 */
export async function openDatabase(config: Config): Promise<DatabaseConnection> {
  return config.databaseUrl === null ? openEmbedded(config) : openServer(config, config.databaseUrl);
}

/** Applies pending migrations and returns their names. */
export async function migrateDatabase(config: Config): Promise<string[]> {
  if (config.databaseUrl === null) {
    const { database, lock } = await startEmbedded(config);
    try {
      return await applyMigrations(embeddedSession(database));
    } finally {
      await database.close();
      lock.release();
    }
  }
  return migrateServer(config.databaseMigrationUrl ?? config.databaseUrl);
}

async function openEmbedded(config: Config): Promise<DatabaseConnection> {
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

async function startEmbedded(config: Config): Promise<{ database: PGlite; lock: DataDirectoryLock }> {
  const lock = DataDirectoryLock.acquire(config.dataDir);
  try {
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
  const beside = join(config.dataDir, 'postgres.restoring');
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

/** What a server has of ours. */
export async function describeServer(url: string): Promise<{ hasSchema: boolean; tables: number }> {
  return withSession(url, async (session) => {
    const [row] = await session.query(`
      SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'benteng') AS schema,
             (SELECT count(*)::int FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE n.nspname = 'benteng' AND c.relkind IN ('r', 'p')) AS tables`);
    return { hasSchema: row?.['schema'] === true, tables: Number(row?.['tables']) };
  });
}

async function openServer(config: Config, url: string): Promise<DatabaseConnection> {
  await migrateServer(config.databaseMigrationUrl ?? url);
  return connectServer(url, config.databasePoolSize);
}

/** A pool to a server whose tables are known to be up to date. */
export function connectServer(url: string, poolSize: number): DatabaseConnection {
  const pool = new TenantPool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: 5000,
    idleTimeoutMillis: 60_000,
    // Nothing of ours runs longer; a hanging statement gives its connection back.
    statement_timeout: 30_000,
    idle_in_transaction_session_timeout: 30_000,
    application_name: 'benteng',
    keepAlive: true,
  });
  // A connection that breaks while idle is replaced by the pool; without a listener Node would end the process.
  pool.on('error', () => undefined);
  const adapter = new PrismaPg(pool, { schema: 'benteng', onPoolError: () => undefined });
  const query: DatabaseConnection['query'] = async ({ name, text }, parameters) =>
    (await pool.query<Record<string, unknown>>({ name, text, values: [...parameters] })).rows;
  const locks = new AdvisoryLocks(url);
  return {
    kind: 'postgresql',
    adapter,
    query,
    tryLock: (name) => locks.tryLock(name),
    close: async () => {
      await locks.close();
      await pool.end();
    },
  };
}

/** Applies pending migrations to a server, as the role of the address. */
export async function migrateServer(url: string): Promise<string[]> {
  return withSession(url, (session) => applyMigrations(session));
}

/** Runs a script on a server, as the role of the address. @throws OperatorError when the server refuses. */
export async function executeOnServer(url: string, script: string): Promise<void> {
  await withSession(url, (session) => session.execute(script));
}

async function withSession<T>(url: string, work: (session: MigrationSession) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5000,
    application_name: 'benteng-migrate',
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work({
      query: async (sql, parameters) => (await client.query<Record<string, unknown>>(sql, parameters)).rows,
      execute: async (script) => {
        await client.query(script);
      },
    });
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw new OperatorError(describeFailure(url, error), { cause: error });
  } finally {
    await client.end().catch(() => undefined);
  }
}

function describeFailure(url: string, error: unknown): string {
  const { host, pathname } = new URL(url);
  const target = `${host || 'the local socket'}${pathname}`;
  const reason = error instanceof AggregateError ? (error.errors[0] as Error) : (error as Error);
  return isDatabaseUnavailable(reason) || /ECONN|ENOTFOUND|timeout/.test(String(reason))
    ? `The database at ${target} cannot be reached: ${reason.message}`
    : `The database at ${target} refused: ${reason.message}`;
}
