import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import {
  applyMigrations,
  readMigrations,
  type MigrationSession,
} from '../../src/platform/database/migrations.js';
import { embeddedSession } from '../../src/platform/database/embedded-database.js';

/** What `test/support/environment.mjs` lends. */
declare const embeddedDatabases: { take: () => Promise<{ database: PGlite; giveBack: () => Promise<void> }> };

const SOURCE = join(__dirname, '../../prisma/migrations');
const HELD_TRAIL = '20261121215100_held_trail';
const LISTABLE = '20261121215000_listable_accounts';
const NULLABLE = '20261120000100_password_nullable';
const ID = (n: number): string => `00000000-0000-7000-8000-00000000000${n}`;

describe('migrations', () => {
  const lent: { giveBack: () => Promise<void> }[] = [];
  afterEach(async () => {
    for (const { giveBack } of lent.splice(0)) await giveBack();
  });

  /** An embedded database with all migrations, and a copy of their folder that a test may change. */
  const setUp = async () => {
    const kit = await embeddedDatabases.take();
    lent.push(kit);
    const { database } = kit;
    const folder = mkdtempSync(join(tmpdir(), 'benteng-migrations-'));
    cpSync(SOURCE, folder, { recursive: true });
    const session = embeddedSession(database);
    const add = (name: string, sql: string) => {
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, name, 'migration.sql'), sql);
    };
    const appliedNames = async () =>
      (await session.query('SELECT migration_name FROM benteng._prisma_migrations ORDER BY 1')).map(
        (row) => row['migration_name'],
      );
    return { session, folder, add, appliedNames };
  };
  const exists = async (session: MigrationSession, table: string) =>
    (await session.query('SELECT to_regclass($1) IS NOT NULL AS present', [table]))[0]?.['present'];

  it('that are up to date cost reads alone', async () => {
    const { session, folder } = await setUp();
    const execute = jest.fn();
    const query = jest.fn((sql: string, parameters?: unknown[]) => session.query(sql, parameters));
    expect(await applyMigrations({ query, execute }, folder)).toEqual([]);
    expect(execute).not.toHaveBeenCalled();
    expect(query.mock.calls.every(([sql]) => sql.trimStart().startsWith('SELECT'))).toBe(true);
  });

  it('that are new are applied in order, once, with their checksum in Prisma’s own table', async () => {
    const { session, folder, add, appliedNames } = await setUp();
    add('29990102000000_second', 'ALTER TABLE benteng.extra ADD COLUMN b int;');
    add('29990101000000_first', 'CREATE TABLE benteng.extra (a int);');
    const names = ['29990101000000_first', '29990102000000_second'];
    expect(await applyMigrations(session, folder)).toEqual(names);
    expect(await applyMigrations(session, folder)).toEqual([]);
    expect(await appliedNames()).toEqual(readMigrations(folder).map(({ name }) => name));
    const [row] = await session.query(
      'SELECT checksum, finished_at IS NOT NULL AS finished FROM benteng._prisma_migrations WHERE migration_name = $1',
      names.slice(0, 1),
    );
    expect(row).toEqual({
      checksum: readMigrations(folder).find(({ name }) => name === names[0])!.checksum,
      finished: true,
    });
  });

  it('count what workbooks of version 0.1 take, and can be taken back [F-6]', async () => {
    const { session, folder } = await setUp();
    const name = '20261121212000_sparse_imports';
    await session.execute(readFileSync(join(SOURCE, name, 'down.sql'), 'utf8'));
    expect(await exists(session, 'benteng.import_texts')).toBe(false);
    await session.execute(`
      SET benteng.organization = '*';
      INSERT INTO benteng.organizations (id, name, created_at, updated_at) VALUES ('${ID(1)}', 'O', now(), now());
      INSERT INTO benteng.integrations (id, organization_id, provider, label, webhook_scheme, created_at, updated_at)
        VALUES ('${ID(2)}', '${ID(1)}', 'CUSTOM', 'x', 'standard', now(), now());
      INSERT INTO benteng.imports (id, organization_id, integration_id, file_name, bytes, sha256, status, created_by, created_at)
        VALUES ('${ID(3)}', '${ID(1)}', '${ID(2)}', 'a.xlsx', 5, '', 'READY', '${ID(9)}', now()),
               ('${ID(4)}', '${ID(1)}', '${ID(2)}', 'b.xlsx', 5, '', 'REFUSED', '${ID(9)}', now());
      INSERT INTO benteng.import_parts (id, organization_id, import_id, position, content)
        VALUES ('${ID(5)}', '${ID(1)}', '${ID(3)}', 0, repeat('x', 100));
      INSERT INTO benteng.import_chunks (id, organization_id, import_id, sheet, first_row, last_row, rows)
        VALUES ('${ID(6)}', '${ID(1)}', '${ID(3)}', 0, 1, 1, repeat('x', 30)),
               ('${ID(7)}', '${ID(1)}', '${ID(3)}', 0, 2, 2, repeat('x', 7));`);
    expect(await applyMigrations(session, folder)).toContain(name);
    expect(
      await session.query('SELECT file_name, stored_bytes::int AS n FROM benteng.imports ORDER BY 1'),
    ).toEqual([
      { file_name: 'a.xlsx', n: 137 },
      { file_name: 'b.xlsx', n: 0 },
    ]);
  });

  it('of a newer program are refused, and the database stays as it is', async () => {
    const { session, add, folder, appliedNames } = await setUp();
    add('29990101000000_future', 'CREATE TABLE benteng.future (a int);');
    await applyMigrations(session, folder);
    const before = await appliedNames();
    await expect(applyMigrations(session, SOURCE)).rejects.toThrow(
      /made by a newer version of Benteng \(it has the migration 29990101000000_future\)/,
    );
    expect(await appliedNames()).toEqual(before);
  });

  it('that were edited after they were applied are refused [O-1]', async () => {
    const { session, folder, add } = await setUp();
    add(NULLABLE, `${readFileSync(join(folder, NULLABLE, 'migration.sql'), 'utf8')}\n-- one more line`);
    await expect(applyMigrations(session, folder)).rejects.toThrow(
      `${NULLABLE} was edited after it was applied`,
    );
  });

  it('that fail leave nothing behind and can be tried again', async () => {
    const { session, folder, add, appliedNames } = await setUp();
    const before = await appliedNames();
    const name = '29990101000000_broken';
    add(name, 'CREATE TABLE benteng.half (a int);\nINSERT INTO benteng.missing VALUES (1);');
    await expect(applyMigrations(session, folder)).rejects.toThrow(
      `The migration ${name} failed and was taken back`,
    );
    expect(await exists(session, 'benteng.half')).toBe(false);
    expect(await appliedNames()).toEqual(before);
    add(name, 'CREATE TABLE benteng.half (a int);');
    expect(await applyMigrations(session, folder)).toEqual([name]);
    expect(await exists(session, 'benteng.half')).toBe(true);
  });

  it('to accounts without a password have a way back that loses no account, and can be made again [O-1]', async () => {
    const { session, folder } = await setUp();
    const organization = '01890a5d-ac96-774b-bcce-b302099a8000';
    await session.query(
      `INSERT INTO benteng.organizations (id, name, created_at, updated_at) VALUES ($1, 'Toko', now(), now())`,
      [organization],
    );
    const add = (id: string, email: string, hash: string | null) =>
      session.query(
        `INSERT INTO benteng.users (id, organization_id, email, name, password_hash, created_at, updated_at)
         VALUES ($1, $2, $3, 'N', $4, now(), now())`,
        [id, organization, email, hash],
      );
    await add('01890a5d-ac96-774b-bcce-b302099a8001', 'with@example.com', '$argon2id$kept');
    await add('01890a5d-ac96-774b-bcce-b302099a8002', 'without@example.com', null);

    await session.execute(readFileSync(join(SOURCE, NULLABLE, 'down.sql'), 'utf8'));
    const rows = await session.query(
      'SELECT email, password_hash, status::text FROM benteng.users ORDER BY email',
    );
    expect(rows).toEqual([
      { email: 'with@example.com', password_hash: '$argon2id$kept', status: 'ACTIVE' },
      { email: 'without@example.com', password_hash: '!', status: 'SUSPENDED' },
    ]);
    await expect(add('01890a5d-ac96-774b-bcce-b302099a8003', 'late@example.com', null)).rejects.toThrow(
      /null value/,
    );

    expect(await applyMigrations(session, folder)).toContain(NULLABLE);
    await add('01890a5d-ac96-774b-bcce-b302099a8003', 'late@example.com', null);
  });

  it('to lists that stay fast find the accounts that were there, keep role and status, and have a way back [F-48]', async () => {
    const { session, folder } = await setUp();
    const down = readFileSync(join(SOURCE, LISTABLE, 'down.sql'), 'utf8');
    const types = () =>
      session.query(
        `SELECT DISTINCT udt_name AS type FROM information_schema.columns
         WHERE table_schema = 'benteng' AND table_name = 'users' AND column_name IN ('role', 'status') ORDER BY 1`,
      );
    const terms = async () => {
      const rows = await session.query('SELECT term FROM benteng.user_search_terms ORDER BY 1');
      return rows.map(({ term }) => term);
    };
    await session.execute(down);
    expect(await types()).toEqual([{ type: 'role' }, { type: 'user_status' }]);
    const organization = '01890a5d-ac96-774b-bcce-b302099a8000';
    await session.query(
      `INSERT INTO benteng.organizations (id, name, created_at, updated_at) VALUES ($1, 'Toko', now(), now())`,
      [organization],
    );
    await session.query(
      `INSERT INTO benteng.users (id, organization_id, email, name, role, status, created_at, updated_at)
       VALUES ($1, $1, 'budi.s@toko.co.id', 'Budi S', 'ADMIN', 'SUSPENDED', now(), now())`,
      [organization],
    );
    const people = () => session.query('SELECT role::text, status::text FROM benteng.users');

    expect(await applyMigrations(session, folder)).toEqual([LISTABLE]);
    expect(await types()).toEqual([{ type: 'text' }]);
    expect(await people()).toEqual([{ role: 'ADMIN', status: 'SUSPENDED' }]);
    const expected = ['.s@toko.co.id', '@toko.co.id', 'budi s', 'budi.s@toko.co.id', 's', 's@toko.co.id'];
    expect(await terms()).toEqual([...expected, 'toko.co.id']);
    await expect(session.query(`UPDATE benteng.users SET role = 'OWNER'`)).rejects.toThrow(
      'users_role_check',
    );

    await session.execute(down);
    expect(await people()).toEqual([{ role: 'ADMIN', status: 'SUSPENDED' }]);
    expect(await applyMigrations(session, folder)).toEqual([LISTABLE]);
    expect(await terms()).toHaveLength(7);
  });

  it('to a trail that is held give each organization of before its end of the chain, and have a way back [F-16]', async () => {
    const { session, folder } = await setUp();
    const down = readFileSync(join(SOURCE, HELD_TRAIL, 'down.sql'), 'utf8');
    const ids = ['01890a5d-ac96-774b-bcce-b302099a8000', '01890a5d-ac96-774b-bcce-b302099a8001'];
    const ends = () => session.query('SELECT sequence::int FROM benteng.audit_chains ORDER BY sequence');
    await session.execute(down);
    for (const id of ids)
      await session.query(
        `INSERT INTO benteng.organizations (id, name, created_at, updated_at) VALUES ($1, 'Toko', now(), now())`,
        [id],
      );
    await session.query(
      `INSERT INTO benteng.audit_chains (organization_id, sequence, hash) VALUES ($1, 7, '')`,
      ids.slice(1),
    );
    expect(await applyMigrations(session, folder)).toEqual([HELD_TRAIL]);
    expect(await ends()).toEqual([{ sequence: 0 }, { sequence: 7 }]);
    await session.execute(down);
    expect(await ends()).toEqual([{ sequence: 7 }]);
    expect(await applyMigrations(session, folder)).toEqual([HELD_TRAIL]);
  });
});

describe('an embedded database that goes from file to file [F-67]', () => {
  const marked = async (database: PGlite) =>
    (await database.query(`SELECT 1 FROM benteng.organizations WHERE name = 'left behind'`)).rows.length;

  it('has no row of the one before, whatever that one left open', async () => {
    const first = await embeddedDatabases.take();
    await first.database.exec(`BEGIN; SET search_path = nowhere;
      INSERT INTO benteng.organizations (id, name, created_at, updated_at)
      VALUES (gen_random_uuid(), 'left behind', now(), now()); COMMIT; BEGIN`);
    expect(await marked(first.database)).toBe(1);
    await first.giveBack();
    const second = await embeddedDatabases.take();
    expect(second.database).toBe(first.database);
    expect(await marked(second.database)).toBe(0);
    const { rows } = await second.database.query<{ search_path: string }>('SHOW search_path');
    expect(rows).toEqual([{ search_path: 'public' }]);
    await second.giveBack();
  });

  it('is thrown away when a test has changed its tables', async () => {
    const first = await embeddedDatabases.take();
    await first.database.exec('ALTER TABLE benteng.organizations ADD COLUMN left_behind int');
    await first.giveBack();
    const second = await embeddedDatabases.take();
    expect(second.database).not.toBe(first.database);
    await second.giveBack();
  });
});
