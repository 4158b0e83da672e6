import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import type { Config } from '../config/config.js';
import { OperatorError } from '../errors/operator-error.js';
import { AdvisoryLocks } from './advisory-locks.js';
import type { DatabaseConnection } from './database.js';
import { isDatabaseUnavailable } from './database-errors.js';
import { applyMigrations, type MigrationSession } from './migrations.js';
import { TenantPool } from './tenant-client.js';

/**
 * Opens the database that the settings name and brings its tables up to date.
 * @throws OperatorError when it cannot be reached, is locked, or is newer than this program.
 */
export async function openDatabase(config: Config): Promise<DatabaseConnection> {
  if (config.databaseUrl !== null) return openServer(config, config.databaseUrl);
  return (await embedded()).openEmbedded(config);
}

/** Applies pending migrations and returns their names. */
export async function migrateDatabase(config: Config): Promise<string[]> {
  if (config.databaseUrl === null) return (await embedded()).migrateEmbedded(config);
  return migrateServer(config.databaseMigrationUrl ?? config.databaseUrl);
}

/** Loaded where it is used: a start on a server need not wait for it. */
function embedded(): Promise<typeof import('./embedded-database.js')> {
  return import('./embedded-database.js');
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

/** How large each table of ours is on the disk, in bytes, by its name with the schema. */
export async function measureTables(url: string): Promise<Map<string, number>> {
  return withSession(url, async (session) => {
    const rows = await session.query(`
      SELECT 'benteng.' || c.relname AS name, pg_table_size(c.oid)::float8 AS bytes
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'benteng' AND c.relkind = 'r'`);
    return new Map(rows.map(({ name, bytes }) => [String(name), Number(bytes)]));
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
