import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../crypto/digest.js';
import { EVERY_TENANT, TENANT_SETTING } from './tenant-scope.js';
import { OperatorError } from '../errors/operator-error.js';

/** One connection, so that lock, transaction and statements belong together. */
export interface MigrationSession {
  query(sql: string, parameters?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Runs a script of several statements. */
  execute(script: string): Promise<void>;
}

interface Migration {
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file, hex, as Prisma Migrate records it. */
  readonly checksum: string;
}

/** The application's key of `pg_advisory_lock`: one migrator at a time, the others wait. */
const MIGRATION_LOCK = 7_311_001;

/** The table of Prisma Migrate, so that `prisma migrate deploy` and this file stay interchangeable. */
const CREATE_HISTORY = `
  CREATE SCHEMA IF NOT EXISTS benteng;
  CREATE TABLE IF NOT EXISTS benteng._prisma_migrations (
    id VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum VARCHAR(64) NOT NULL,
    finished_at TIMESTAMPTZ,
    migration_name VARCHAR(255) NOT NULL,
    logs TEXT,
    rolled_back_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
  );`;

/**
 * Applies what is pending, each migration in one transaction with its row of the history: a start that is killed leaves
 * either the whole step or nothing of it. A database that is up to date costs one read.
 * @returns the names applied now.
 * @throws OperatorError when the database was made by a newer program, or an applied migration was edited since.
 */
export async function applyMigrations(
  session: MigrationSession,
  folder = findMigrationsFolder(),
): Promise<string[]> {
  const migrations = readMigrations(folder);
  if (findPending(migrations, await readHistory(session)).length === 0) return [];
  await session.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
  try {
    await session.execute(CREATE_HISTORY);
    const pending = findPending(migrations, await readHistory(session));
    for (const migration of pending) await applyOne(session, migration);
    return pending.map(({ name }) => name);
  } finally {
    await session.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
  }
}

async function applyOne(session: MigrationSession, { name, sql, checksum }: Migration): Promise<void> {
  try {
    // Row security holds the owner of the tables as well: a migration that moves rows sees all of them.
    await session.execute(`BEGIN;\nSET LOCAL ${TENANT_SETTING} = '${EVERY_TENANT}';\n${sql}`);
    await session.query(
      `INSERT INTO benteng._prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), 1)`,
      [randomUUID(), checksum, name],
    );
    await session.execute('COMMIT');
  } catch (error) {
    await session.execute('ROLLBACK').catch(() => undefined);
    throw new OperatorError(`The migration ${name} failed and was taken back: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function readHistory(session: MigrationSession): Promise<Map<string, string>> {
  const [table] = await session.query(
    `SELECT to_regclass('benteng._prisma_migrations') IS NOT NULL AS present`,
  );
  if (table?.['present'] !== true) return new Map();
  const rows = await session.query(
    `SELECT migration_name, checksum FROM benteng._prisma_migrations
     WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`,
  );
  return new Map(rows.map((row) => [String(row['migration_name']), String(row['checksum'])]));
}

/** @throws OperatorError when a migration is of a newer program than this one. */
export function assertKnownMigrations(names: readonly string[]): void {
  assertNoneForeign(readMigrations(findMigrationsFolder()), names);
}

function assertNoneForeign(migrations: readonly Migration[], names: Iterable<string>): void {
  const known = new Set(migrations.map(({ name }) => name));
  const foreign = [...names].find((name) => !known.has(name));
  if (foreign !== undefined) {
    throw new OperatorError(
      `The database was made by a newer version of Benteng (it has the migration ${foreign}). Start that version, or ` +
        'restore a backup that belongs to this one.',
    );
  }
}

function findPending(migrations: readonly Migration[], history: ReadonlyMap<string, string>): Migration[] {
  assertNoneForeign(migrations, history.keys());
  const edited = migrations.find(({ name, checksum }) => history.has(name) && history.get(name) !== checksum);
  if (edited)
    throw new OperatorError(
      `The migration ${edited.name} was edited after it was applied; take the edit back.`,
    );
  return migrations.filter(({ name }) => !history.has(name));
}

/** The migrations of a folder, oldest first. */
export function readMigrations(folder: string): Migration[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => {
      const sql = readFileSync(join(folder, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: sha256(sql).toString('hex') };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** `prisma/migrations` of the program itself: beside `src/` and `dist/`, wherever it was started from. */
function findMigrationsFolder(): string {
  const folder = join(import.meta.dirname, '../../../prisma/migrations');
  if (!existsSync(folder)) throw new OperatorError(`The folder of migrations is missing: ${folder}`);
  return folder;
}
