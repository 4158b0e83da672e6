import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Response } from 'supertest';
import { generateSecret } from '../../src/platform/config/development-secrets.js';
import { OTHER_PASSWORD } from '../factories/people.js';
import { form, FORM_TYPE } from '../factories/forms.js';
import { aWorkbook } from '../factories/workbooks.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { runCommand } from '../support/cli.js';
import { hasPostgresServer, OwnPostgres } from '../support/postgres-server.js';
import {
  FIRST_ADMINISTRATOR,
  forcedChange,
  kill,
  killAll,
  startProgram,
  takeOver,
  type Program,
} from '../support/program.js';
import { totpOf } from '../support/real-totp.js';
import { TestClient } from '../support/test-client.js';

type Credentials = Parameters<TestClient['login']>[0];

if (!hasPostgresServer)
  process.stdout.write('PostgreSQL is not installed: the faults of the database are not tested here.\n');

const EMAIL = FIRST_ADMINISTRATOR;
/** Sent whether or not those before them were answered. */
const REQUESTS_PER_SECOND = 200;
/** Processes killed in the middle of their work; .ci/run asks for 50. */
const KILLS = Number(process.env['TEST_KILLS'] ?? 4);

(hasPostgresServer ? describe : describe.skip)('with a database that fails', () => {
  let postgres: OwnPostgres;
  let folder: string;
  let environment: Record<string, string>;
  let program: Program;
  let admin: TestClient;

  const start = () => startProgram(folder, environment);
  const signIn = async (address = '10.0.0.1'): Promise<TestClient> => {
    // A try that was cut off counts as a failure: here many are.
    await postgres.query('DELETE FROM benteng.login_lockouts');
    const client = new TestClient(program.url, address);
    const { body } = await client.login({ email: EMAIL, password: OTHER_PASSWORD });
    expect(body).toMatchObject({ status: 'authenticated' });
    return client;
  };
  const ready = async (): Promise<number> =>
    (await new TestClient(program.url, '10.0.0.9').get('/health/ready')).status;
  const untilReady = async (): Promise<void> => {
    for (let tries = 0; tries < 150; tries += 1) {
      if ((await ready()) === 200) return;
      await delay(100);
    }
    throw new Error(`not ready again: ${program.output()}`);
  };

  beforeAll(async () => {
    postgres = await OwnPostgres.create();
    folder = mkdtempSync(join(tmpdir(), 'benteng-faults-'));
    environment = {
      ...NO_LIMITS,
      RATE_LIMIT_UPLOAD: '100000/60',
      DATABASE_URL: postgres.url,
      DATABASE_POOL_SIZE: '5',
      MAX_SESSIONS_PER_USER: '1000',
      TRUST_PROXY: '127.0.0.1',
      JWT_PRIVATE_KEYS: generateSecret('JWT_PRIVATE_KEYS'),
      ENCRYPTION_KEYS: generateSecret('ENCRYPTION_KEYS'),
      TOKEN_KEYS: generateSecret('TOKEN_KEYS'),
    };
    program = await start();
    await takeOver(program.url, program.output(), OTHER_PASSWORD);
    admin = await signIn();
  }, 60_000);
  afterAll(async () => {
    await killAll();
    await postgres.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Creates 200 accounts a second until `stop`; what was answered with 201 must be there for ever. */
  async function createAccounts(label: string, stop: AbortSignal) {
    const created: string[] = [];
    const refused: Response[] = [];
    const create = async (index: number): Promise<void> => {
      const response = await admin.post('/users', { email: `${label}-${index}@example.com`, name: 'P' });
      if (response.status === 201) created.push((response.body as { id: string }).id);
      else refused.push(response);
    };
    const sent: Promise<void>[] = [];
    const startedAt = Date.now();
    while (!stop.aborted) {
      const due = Math.floor(((Date.now() - startedAt) / 1000) * REQUESTS_PER_SECOND);
      while (sent.length < due) sent.push(create(sent.length));
      await delay(5);
    }
    await Promise.all(sent);
    return { created, refused };
  }

  it.each(['fast', 'immediate'] as const)(
    'a restart (%s) under traffic loses no answered write, says 503 meanwhile, and is over by itself',
    async (mode) => {
      const stop = new AbortController();
      const traffic = createAccounts(`restart-${mode}`, stop.signal);
      await delay(400);
      await postgres.stop(mode);
      await delay(300);
      expect(await ready()).toBe(503);
      await postgres.start();
      await untilReady();
      await delay(400);
      stop.abort();
      const { created, refused } = await traffic;
      expect(created.length).toBeGreaterThan(50);
      expect(refused.length).toBeGreaterThan(10);
      for (const { status, body, headers } of refused) {
        expect({ status, code: (body as { code: string }).code }).toEqual({
          status: 503,
          code: 'UNAVAILABLE',
        });
        expect(Number(headers['retry-after'])).toBeGreaterThan(0);
      }
      const [row] = await postgres.query('SELECT count(*)::int AS n FROM benteng.users WHERE id = ANY ($1)', [
        created,
      ]);
      expect(row).toEqual({ n: created.length });
    },
    60_000,
  );

  it('connections that are cut inside the steps of an operation leave nothing half done', async () => {
    const stop = new AbortController();
    const statuses = new Map<number, number>();
    const count = ({ status }: Response): void => void statuses.set(status, (statuses.get(status) ?? 0) + 1);
    const cutting = (async () => {
      while (!stop.signal.aborted) {
        await postgres.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'benteng' AND random() < 0.5`,
        );
        await delay(5);
      }
    })();
    const ended = Date.now() + 5000;
    const logins = async (lane: number): Promise<void> => {
      for (let index = 0; Date.now() < ended; index += 1) {
        const client = new TestClient(program.url, `10.1.${lane}.1`);
        const login = await client.login({ email: EMAIL, password: OTHER_PASSWORD });
        count(login);
        if (login.status === 200) count(await client.refresh());
      }
    };
    const accounts = async (): Promise<void> => {
      for (let index = 0; Date.now() < ended; index += 1) {
        const created = await admin.post('/users', { email: `cut-${index}@example.com`, name: 'P' });
        count(created);
        if (created.status !== 201) continue;
        const { id } = created.body as { id: string };
        count(
          await admin.post(`/users/${id}/token-balance`, { amount: 5, reason: 'x', idempotencyKey: 'a' }),
        );
        count(await admin.post(`/admin/password-resets/${id}/temporary-password`));
      }
    };
    await Promise.all([logins(1), logins(2), accounts()]);
    stop.abort();
    await cutting;
    await untilReady();
    expect([...statuses.keys()].filter((status) => ![200, 201, 401, 503].includes(status))).toEqual([]);
    expect(statuses.get(200)).toBeGreaterThan(3);
    await expectInvariants();
  }, 60_000);

  it('a pool with no connection left answers 503, and works again afterwards', async () => {
    await postgres.query('SELECT 1');
    const locked = postgres.query(`
      BEGIN; LOCK TABLE benteng.users IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(8); COMMIT`);
    await delay(200);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        new TestClient(program.url, '10.0.0.5').login({ email: `pool${index}@example.com`, password: 'x' }),
      ),
    );
    expect(answers.filter(({ status }) => status === 503).length).toBeGreaterThan(5);
    expect(answers.filter(({ status }) => ![401, 503].includes(status))).toEqual([]);
    await locked;
    await untilReady();
    await signIn('10.0.0.6');
  }, 60_000);

  it(`a program that is killed ${KILLS} times in the middle of everything keeps every rule`, async () => {
    await kill(program.process);
    for (let round = 0; round < KILLS; round += 1) {
      program = await start();
      admin = await signIn();
      const { person, codes } = await anEnrolment(round);
      // One before the kill, so that every round has used a code however soon it ends.
      await useCodes(person, codes.slice(0, 1));
      const work = [hammer(round), upload(), rotate(round), useCodes(person, codes.slice(1))];
      await delay(50 + Math.random() * 500);
      await kill(program.process);
      await Promise.allSettled(work);
    }
    program = await start();
    admin = await signIn();
    await expectInvariants();
    const [used] = await postgres.query(
      'SELECT count(*)::int AS n FROM benteng.backup_codes WHERE consumed_at IS NOT NULL',
    );
    expect(used!['n']).toBeGreaterThanOrEqual(KILLS);
  }, 600_000);

  /** Everything that writes, until the connection is gone. */
  async function hammer(round: number): Promise<void> {
    const accounts = async (): Promise<void> => {
      for (let index = 0; ; index += 1) {
        const created = await admin.post('/users', {
          email: `kill-${round}-${index}@example.com`,
          name: 'P',
        });
        const { id } = created.body as { id: string };
        await Promise.all([
          admin.post(`/users/${id}/token-balance`, { amount: 3, reason: 'x', idempotencyKey: 'a' }),
          admin.post(`/admin/password-resets/${id}/temporary-password`),
          admin.post(`/admin/password-resets/${id}/temporary-password`),
        ]);
        await admin.post('/integrations', { provider: 'CUSTOM', label: 'x', accessToken: `token ${index}` });
      }
    };
    const sessions = async (): Promise<void> => {
      for (;;) {
        const client = new TestClient(program.url, '10.0.0.2');
        await client.login({ email: EMAIL, password: OTHER_PASSWORD });
        await client.refresh();
        await client.delete('/sessions?keep=none');
      }
    };
    await Promise.all([accounts(), sessions()]);
  }

  /** A person with a second factor, and the backup codes. */
  async function anEnrolment(round: number): Promise<{ person: Credentials; codes: string[] }> {
    const email = `codes-${round}@example.com`;
    const { body: user } = await admin.post('/users', { email, name: 'C' });
    const path = `/admin/password-resets/${(user as { id: string }).id}/temporary-password`;
    const { body: issued } = await admin.post(path);
    const client = new TestClient(program.url, '10.0.0.3');
    const { temporaryPassword: password } = issued as { temporaryPassword: string };
    await forcedChange(client, { email, password }, OTHER_PASSWORD);
    const { body: setup } = await client.post('/two-factor/setup');
    const code = totpOf((setup as { secret: string }).secret);
    const { body: enabled } = await client.post('/two-factor/enable', { code });
    return {
      person: { email, password: OTHER_PASSWORD },
      codes: (enabled as { backupCodes: string[] }).backupCodes,
    };
  }

  /** Each code by three sign-ins at the same moment. */
  async function useCodes(person: Credentials, codes: readonly string[]): Promise<void> {
    for (const backupCode of codes) {
      const challenges = await Promise.all(
        [1, 2, 3].map(async () => {
          const { body } = await new TestClient(program.url, '10.0.0.4').login(person);
          return (body as { challengeToken: string }).challengeToken;
        }),
      );
      await Promise.all(
        challenges.map((challengeToken) =>
          new TestClient(program.url, '10.0.0.4').post('/auth/two-factor', { challengeToken, backupCode }),
        ),
      );
    }
  }

  async function upload(): Promise<void> {
    const created = await admin.post('/integrations', { provider: 'CUSTOM', label: 'upload' });
    const { id } = created.body as { id: string };
    const rows = Array.from({ length: 500 }, (_, index) => [`row ${index}`, 'text']);
    const body = form([{ name: 'a.xlsx', content: aWorkbook(rows) }]);
    for (;;)
      await admin.post(`/integrations/${id}/imports`, body, {
        'Content-Type': FORM_TYPE,
      });
  }

  /** A rotation by a process of its own, killed too. */
  async function rotate(round: number): Promise<void> {
    // A process of its own takes seconds to start.
    if (round % 6 !== 0) return;
    const present = environment['ENCRYPTION_KEYS']!;
    environment['ENCRYPTION_KEYS'] = `${generateSecret('ENCRYPTION_KEYS', present)},${present}`;
    const killAfterMs = 1000 + Math.random() * 2000;
    await runCommand(['keys:rotate', '--batch-size', '5'], { ...environment, DATA_DIR: folder }, killAfterMs);
  }

  /** What holds whatever happened. */
  async function expectInvariants(): Promise<void> {
    const check = async (sql: string): Promise<unknown> => (await postgres.query(sql))[0]!['n'];
    const zero: Record<string, string> = {
      'sessions without a user': `SELECT count(*)::int AS n FROM benteng.sessions s LEFT JOIN benteng.users u ON u.id = s.user_id WHERE u.id IS NULL`,
      'sessions without their trace': `
        SELECT count(*)::int AS n FROM benteng.sessions s
        WHERE (SELECT count(*) FROM benteng.security_events e WHERE e.action = 'session.started' AND e.actor_id = s.user_id)
          < (SELECT count(*) FROM benteng.sessions t WHERE t.user_id = s.user_id)`,
      'sessions without a sign-in that succeeded': `
        SELECT count(*)::int AS n FROM benteng.users u
        WHERE (SELECT count(*) FROM benteng.sessions s WHERE s.user_id = u.id)
          > (SELECT count(*) FROM benteng.login_attempts a WHERE a.user_id = u.id AND a.success)`,
      'codes that signed in more than once': `
        SELECT count(*)::int AS n FROM benteng.totp_factors f
        WHERE (SELECT count(*) FROM benteng.sessions s WHERE s.user_id = f.user_id AND 'otp' = ANY (s.amr))
          -- The session that enrolled has proved the factor, too.
          > 1 + (SELECT count(*) FROM benteng.backup_codes c WHERE c.user_id = f.user_id AND c.consumed_at IS NOT NULL)`,
      'balances below zero': `SELECT count(*)::int AS n FROM benteng.users WHERE token_balance < 0`,
      'balances that differ from their ledger': `
        SELECT count(*)::int AS n FROM benteng.users u
        WHERE u.token_balance <> (SELECT COALESCE(sum(amount), 0) FROM benteng.balance_entries e WHERE e.user_id = u.id)`,
      'ready workbooks without their parts': `
        SELECT count(*)::int AS n FROM benteng.imports i
        WHERE i.status = 'READY' AND (i.sheets = '[]' OR NOT EXISTS (SELECT FROM benteng.import_parts p WHERE p.import_id = i.id))`,
      'temporary passwords without their trace': `
        SELECT count(*)::int AS n FROM benteng.users u
        WHERE u.temporary_password_expires_at IS NOT NULL AND NOT EXISTS (
          SELECT FROM benteng.security_events e WHERE e.action = 'password.temporary_issued' AND e.target_id = u.id)`,
    };
    expect(Number(await check(`SELECT count(*) AS n FROM benteng.sessions`))).toBeGreaterThan(0);
    for (const [what, sql] of Object.entries(zero))
      expect({ what, n: await check(sql) }).toEqual({ what, n: 0 });
    const command = async (...args: string[]) => runCommand(args, { ...environment, DATA_DIR: folder });
    const verified = await command('audit:verify');
    expect({ code: verified.code, err: verified.err }).toEqual({ code: 0, err: '' });
    // Every ciphertext opens: a rotation reads each of them.
    const rotated = await command('keys:rotate', '--json');
    expect({ code: rotated.code, err: rotated.err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(rotated.out)).toMatchObject({ unreadable: 0 });
  }
});
