import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { RowSecurityCheck } from '../../src/platform/database/row-security-check.js';
import { Database } from '../../src/platform/database/database.js';
import { readModels } from '../../src/platform/database/model-description.js';
import { TenancyError } from '../../src/platform/database/tenancy.js';
import { TenantPool } from '../../src/platform/database/tenant-client.js';
import { inTenantScope } from '../../src/platform/database/tenant-scope.js';
import { aPerson, aSignedInAdmin, type Person } from '../factories/people.js';
import { administer, asRole, testRoles, withDatabase } from '../support/server-databases.mjs';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('the first fence: every query names its organization [L-0.1]', () => {
  let test: TestApp;
  let admin: Person;
  beforeAll(async () => {
    test = await startTestApp();
    admin = await aPerson(test);
  });
  afterAll(() => test.close());

  /** The client as the application has it. */
  const fenced = () => test.app.get(Database).client;

  const queries: [string, () => PromiseLike<unknown>][] = [
    ['findMany', () => fenced().user.findMany()],
    ['findFirst by id', () => fenced().user.findFirst({ where: { id: admin.id } })],
    [
      'findUnique, which is sent together with others',
      () => fenced().user.findUnique({ where: { id: admin.id, organizationId: admin.organizationId } }),
    ],
    ['count', () => fenced().session.count({ where: { userId: admin.id } })],
    ['aggregate', () => fenced().balanceEntry.aggregate({ _sum: { amount: true } })],
    ['groupBy', () => fenced().user.groupBy({ by: ['role'] })],
    ['update', () => fenced().user.update({ where: { id: admin.id }, data: { name: 'x' } })],
    ['updateMany', () => fenced().user.updateMany({ data: { name: 'x' } })],
    ['deleteMany', () => fenced().session.deleteMany({})],
    [
      'a list of organizations',
      () =>
        fenced().user.findMany({ where: { organizationId: { in: [admin.organizationId, randomUUID()] } } }),
    ],
    [
      'the organization only in an OR',
      () => fenced().user.findMany({ where: { OR: [{ organizationId: admin.organizationId }] } }),
    ],
    [
      'createMany for two organizations',
      () =>
        fenced().auditChain.createMany({
          data: [randomUUID(), randomUUID()].map((organizationId) => ({
            organizationId,
            sequence: 1n,
            hash: new Uint8Array(32),
          })),
        }),
    ],
    ['another organization', () => fenced().organization.findMany()],
    ['raw SQL without a scope', () => fenced().$queryRaw`SELECT 1`],
  ];
  it.each(queries)('refuses %s', async (_, query) => {
    await expect((async () => query())()).rejects.toThrow(TenancyError);
  });

  it('lets a query that names it pass, in a transaction too, and what says that it looks across', async () => {
    const { organizationId } = admin;
    expect(await fenced().user.count({ where: { organizationId } })).toBe(1);
    expect(await fenced().user.count({ where: { AND: [{ organizationId }, { id: admin.id }] } })).toBe(1);
    const database = test.app.get(Database);
    const names = await database.transaction((tx) => tx.user.findMany({ where: { organizationId } }));
    expect(names).toHaveLength(1);
    expect(await database.acrossTenants(() => fenced().user.count())).toBe(1);
  });
});

const serverUrl = process.env['TEST_DATABASE_URL'];
const onServer = serverUrl === undefined ? describe.skip : describe;

onServer('the second fence: row security for the application role [L-0.1] [T-4.2] [A-7]', () => {
  let test: TestApp;
  let mine: Person;
  let other: Person;
  let address: string;
  let client: pg.Client;

  beforeAll(async () => {
    test = await startTestApp();
    [mine, other] = [await aPerson(test), await aPerson(test)];
    const [row] = await test.database.client.$queryRaw<{ name: string }[]>`SELECT current_database() AS name`;
    address = withDatabase(serverUrl!, row!.name);
    client = new pg.Client({ connectionString: asRole(address, testRoles.application) });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await test.close();
  });

  const count = async (table: string, scope?: string): Promise<number> => {
    await client.query("SELECT set_config('benteng.organization', $1, false)", [scope ?? '']);
    const { rows } = await client.query<{ n: number }>(`SELECT count(*)::int AS n FROM benteng.${table}`);
    return rows[0]!.n;
  };

  /** Every table that holds rows of organizations, from the schema. */
  const tables = async (): Promise<string[]> => {
    const rows = await administer(
      address,
      `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
       WHERE c.relnamespace = 'benteng'::regnamespace AND c.relkind = 'r' AND a.attname = 'organization_id'`,
    );
    return ['organizations', ...rows.map(({ name }) => String(name))];
  };

  it('binds the role of the application, which the start checks', async () => {
    expect(await test.app.get(RowSecurityCheck).holds()).toBe(true);
  });

  it('is forced on every table with an organization [T-4.2] [A-7]', async () => {
    const models = readModels(test.app.get(Database).client);
    const tenantModels = [...models.values()].filter((fields) =>
      fields.some(({ name }) => name === 'organizationId'),
    );
    const names = await tables();
    expect(names).toHaveLength(tenantModels.length + 1);
    const rows = await administer(
      address,
      `SELECT relname AS name FROM pg_class c WHERE relnamespace = 'benteng'::regnamespace
       AND relrowsecurity AND relforcerowsecurity
       AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)`,
    );
    expect(rows.map(({ name }) => String(name)).toSorted()).toEqual(names.toSorted());
  });

  it('shows raw SQL nothing without a scope, and with one only its own rows', async () => {
    for (const table of await tables())
      expect({ table, rows: await count(table) }).toEqual({ table, rows: 0 });
    expect(await count('users', mine.organizationId)).toBe(1);
    expect(await count('users', '*')).toBe(2);
    await client.query('RESET benteng.organization');
    expect((await client.query('SELECT 1 FROM benteng.users')).rows).toEqual([]);
  });

  it('lets raw SQL write nothing into another organization', async () => {
    await count('users', mine.organizationId);
    const stolen = await client.query('UPDATE benteng.users SET name = $1 WHERE id = $2', ['x', other.id]);
    expect(stolen.rowCount).toBe(0);
    expect((await client.query('DELETE FROM benteng.users WHERE id = $1', [other.id])).rowCount).toBe(0);
    const moved = client.query('UPDATE benteng.users SET organization_id = $1 WHERE id = $2', [
      other.organizationId,
      mine.id,
    ]);
    await expect(moved).rejects.toThrow('violates row-level security policy');
    const added = client.query(
      `INSERT INTO benteng.user_imports (organization_id, file_hash, started_at) VALUES (gen_random_uuid(), '', now())`,
    );
    await expect(added).rejects.toThrow('violates row-level security policy');
    const event = client.query(
      `SELECT benteng.append_event(gen_random_uuid(), $1, 'user.created', NULL, NULL, NULL, NULL, '{}', now(), '')`,
      [other.organizationId],
    );
    await expect(event).rejects.toThrow('the event is of another organization');
  });

  it.each([
    'CREATE TABLE benteng.x (id int)',
    'CREATE TABLE public.x (id int)',
    'CREATE TEMPORARY TABLE x (id int)',
    'CREATE SCHEMA x',
    'CREATE FUNCTION benteng.x() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    'CREATE ROLE x',
    'CREATE EXTENSION dblink',
    'ALTER TABLE benteng.users DISABLE ROW LEVEL SECURITY',
    'ALTER TABLE benteng.users ADD COLUMN x int',
    'DROP POLICY tenant ON benteng.users',
    'DROP TABLE benteng.sessions',
    'TRUNCATE benteng.sessions',
    'UPDATE benteng.security_events SET action = action',
    'INSERT INTO benteng.security_events SELECT * FROM benteng.security_events',
    "INSERT INTO benteng.audit_chains VALUES (gen_random_uuid(), 0, '')",
    'UPDATE benteng.audit_chains SET sequence = sequence + 1',
    'DELETE FROM benteng.audit_chains',
    'UPDATE benteng.balance_entries SET amount = amount',
    'DELETE FROM benteng.security_events',
    'DELETE FROM benteng.balance_entries',
    'DELETE FROM benteng._prisma_migrations',
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "COPY benteng.users FROM '/etc/passwd'",
    "COPY benteng.users TO PROGRAM 'cat'",
    "SELECT lo_import('/etc/passwd')",
    `SET ROLE ${testRoles.owner}`,
    'SET SESSION AUTHORIZATION postgres',
    'ALTER SYSTEM SET log_statement = none',
  ])('the application role may not: %s', async (sql) => {
    if (sql.includes('TEMPORARY')) {
      const [row] = await administer(address, 'SELECT current_database() AS name');
      await administer(address, `REVOKE ALL ON DATABASE ${String(row!['name'])} FROM PUBLIC`);
      await administer(
        address,
        `GRANT CONNECT ON DATABASE ${String(row!['name'])} TO ${testRoles.application}, ${testRoles.backup}`,
      );
    }
    await expect(client.query(sql)).rejects.toThrow(/permission denied|must be owner|must be superuser/);
  });

  it('the backup role reads every row of the scope "*" and writes nothing', async () => {
    const backup = new pg.Client({ connectionString: asRole(address, testRoles.backup) });
    await backup.connect();
    try {
      await backup.query("SET benteng.organization = '*'");
      expect((await backup.query('SELECT 1 FROM benteng.users')).rowCount).toBe(2);
      await backup.query('SET default_transaction_read_only = off');
      for (const sql of ['DELETE FROM benteng.users', "UPDATE benteng.users SET name = 'x'"])
        await expect(backup.query(sql)).rejects.toThrow('permission denied');
    } finally {
      await backup.end();
    }
  });

  it('a query of the client that forgets the organization of a row finds nothing, even past the first fence', async () => {
    const database = test.app.get(Database);
    const found = await inTenantScope(mine.organizationId, () =>
      database
        .run({ name: 'forgetful', text: 'SELECT id FROM benteng.users', tenant: 1 }, [mine.organizationId])
        .catch(() => database.client.$queryRaw`SELECT id FROM benteng.users`),
    );
    expect(found).toEqual([{ id: mine.id }]);
  });

  it('never mixes the scopes of requests that wait for one connection', async () => {
    const pool = new TenantPool({ connectionString: asRole(address, testRoles.application), max: 1 });
    const idsIn = (scope: string) =>
      inTenantScope(
        scope,
        async () => (await pool.query<{ id: string }>('SELECT id FROM benteng.users')).rows,
      );
    const people = Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? mine : other));
    const answers = await Promise.all(people.map(({ organizationId }) => idsIn(organizationId)));
    expect(answers).toEqual(people.map(({ id }) => [{ id }]));
    expect((await pool.query('SELECT id FROM benteng.users')).rows).toEqual([]);
    await pool.end();
  });

  it('knows its scope again after a transaction that was taken back', async () => {
    const pool = new TenantPool({ connectionString: asRole(address, testRoles.application), max: 1 });
    const read = 'SELECT id FROM benteng.users';
    await inTenantScope(mine.organizationId, () => pool.query(read));
    const connection = await pool.connect();
    await connection.query('BEGIN');
    await inTenantScope(other.organizationId, () => connection.query(read));
    await connection.query('ROLLBACK');
    connection.release();
    const after = await inTenantScope(other.organizationId, () => pool.query<{ id: string }>(read));
    expect(after.rows).toEqual([{ id: other.id }]);
    await pool.end();
  });

  it('gives back a connection that breaks while its scope is being set', async () => {
    const pool = new TenantPool({ connectionString: asRole(address, testRoles.application), max: 1 });
    pool.on('error', () => undefined);
    const held = await pool.connect();
    // The end of a connection is told twice: by the server and by the socket.
    held.on('error', () => undefined);
    const broken = new Promise((resolve) => held.once('end', () => resolve(null)));
    await administer(
      address,
      `SELECT pg_terminate_backend(${String((held as unknown as { processID: number }).processID)})`,
    );
    await broken;
    await expect(inTenantScope(mine.organizationId, () => held.query('SELECT 1'))).rejects.toThrow();
    held.release(true);
    const { rows } = await inTenantScope(mine.organizationId, () => pool.query('SELECT 1 AS one'));
    expect(rows).toEqual([{ one: 1 }]);
    await pool.end();
  });

  describe('and 20,000 people', () => {
    /** Pages of 8 KiB that the application's role reads for the list of a request: its own SQL, explained. */
    const pagesReadFor = async (path: string): Promise<number> => {
      const admin = await aSignedInAdmin(test, { organizationId: mine.organizationId });
      const sent = jest.spyOn(pg.Client.prototype, 'query');
      const { status } = await admin.client.get(path);
      const statements = sent.mock.calls.map((call) => call[0] as unknown as pg.QueryConfig);
      sent.mockRestore();
      expect(status).toBe(200);
      const list = statements.find(({ text }) => /FROM "benteng"."users".* LIMIT /s.test(text))!;
      await client.query("SELECT set_config('benteng.organization', $1, false)", [mine.organizationId]);
      const { rows } = await client.query<{ 'QUERY PLAN': { Plan: Record<string, number> }[] }>(
        `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${list.text}`,
        list.values,
      );
      const [{ Plan: plan }] = rows[0]!['QUERY PLAN'] as [{ Plan: Record<string, number> }];
      return plan['Shared Hit Blocks']! + plan['Shared Read Blocks']!;
    };
    beforeAll(async () => {
      // What the filters look for is among the oldest: whoever reads the list until the page is full reads it all.
      await administer(
        address,
        `INSERT INTO benteng.users (id, organization_id, email, name, role, status, password_reset_requested_at, must_change_password, created_at, updated_at)
         SELECT ('01890a5d-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, '${mine.organizationId}', 'many' || n || '@example.org',
                CASE WHEN n <= 30 THEN 'Wayan ' ELSE 'Made ' END || n, CASE WHEN n <= 30 THEN 'ADMIN' ELSE 'USER' END,
                CASE WHEN n <= 30 THEN 'SUSPENDED' ELSE 'ACTIVE' END, CASE WHEN n <= 30 THEN now() END, n <= 30, now(), now()
         FROM generate_series(1, 20000) AS n`,
      );
      await administer(address, 'ANALYZE benteng.users, benteng.user_search_terms');
    });

    it.each([
      '/users',
      '/users?role=ADMIN',
      '/users?status=SUSPENDED',
      '/users?role=USER&status=SUSPENDED',
      '/users?passwordResetRequested=true',
      '/users?mustChangePassword=true',
      '/users?search=wayan',
      '/users?search=nobody',
      '/users?search=made',
      '/users?search=wayan&role=ADMIN',
    ])('%s reads no more than its page needs [F-48]', async (path) => {
      expect(await pagesReadFor(path)).toBeLessThan(250);
    });
  });
});
