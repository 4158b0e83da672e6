import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { generateSecret } from '../../src/platform/config/development-secrets.js';
import { totpOf } from '../support/real-totp.js';
import { GOOD_PASSWORD, OTHER_PASSWORD } from '../factories/people.js';
import { hasPostgresServer, OwnPostgres } from '../support/postgres-server.js';
import { FIRST_ADMINISTRATOR, killAll, startProgram, takeOver, type Program } from '../support/program.js';
import { hasRedisServer, OwnRedis } from '../support/redis-server.js';
import { roundRobin, type RoundRobin } from '../support/round-robin.js';
import { TestClient } from '../support/test-client.js';

if (!hasPostgresServer || !hasRedisServer)
  process.stdout.write('PostgreSQL or Redis is not installed: two instances are not tested here.\n');

const EMAIL = FIRST_ADMINISTRATOR;

(hasPostgresServer && hasRedisServer ? describe : describe.skip)(
  'two instances without sticky sessions',
  () => {
    let postgres: OwnPostgres;
    let redis: OwnRedis;
    let folder: string;
    let programs: Program[];
    let balancer: RoundRobin | undefined;
    let url: string;

    beforeAll(async () => {
      [postgres, redis] = await Promise.all([OwnPostgres.create(), OwnRedis.create()]);
      folder = mkdtempSync(join(tmpdir(), 'benteng-instances-'));
      const environment = {
        DATABASE_URL: postgres.url,
        REDIS_URL: redis.url,
        TRUST_PROXY: '127.0.0.1',
        RATE_LIMIT_GLOBAL: '100000/60',
        RATE_LIMIT_LOGIN_IP: '12/60',
        RATE_LIMIT_LOGIN_EMAIL: '100000/60',
        JWT_PRIVATE_KEYS: generateSecret('JWT_PRIVATE_KEYS'),
        ENCRYPTION_KEYS: generateSecret('ENCRYPTION_KEYS'),
        TOKEN_KEYS: generateSecret('TOKEN_KEYS'),
      };
      // Both at once on an empty database: one migrates, one makes the first administrator.
      programs = await Promise.all([startProgram(folder, environment), startProgram(folder, environment)]);
      balancer = await roundRobin(programs.map((program) => program.url));
      ({ url } = balancer);
      const output = programs.map((program) => program.output()).join('');
      expect(output.match(/Temporary password/g)).toHaveLength(1);
      await takeOver(url, output, OTHER_PASSWORD);
    }, 60_000);
    afterAll(async () => {
      await killAll();
      balancer?.close();
      await Promise.all([postgres.remove(), redis.remove()]);
      rmSync(folder, { recursive: true, force: true });
    });

    let lastAddress = 1;
    const signIn = async (): Promise<TestClient> => {
      const client = new TestClient(url, `10.1.0.${(lastAddress += 1)}`);
      const { body } = await client.login({ email: EMAIL, password: OTHER_PASSWORD });
      expect(body).toMatchObject({ status: 'authenticated' });
      return client;
    };
    const count = async (sql: string): Promise<unknown> => (await postgres.query(sql))[0]!['n'];

    it('migrate once, and make one first administrator', async () => {
      expect(await count('SELECT count(*)::int AS n FROM benteng.users')).toBe(1);
      const twice = `SELECT count(*)::int AS n FROM (SELECT 1 FROM benteng._prisma_migrations GROUP BY migration_name HAVING count(*) > 1) t`;
      expect(await count(twice)).toBe(0);
    });

    it('share limits', async () => {
      const statuses: number[] = [];
      for (let tries = 0; tries < 14; tries += 1) {
        const client = new TestClient(url, '10.2.0.1');
        statuses.push((await client.login({ email: `nobody${tries}@example.com`, password: 'x' })).status);
      }
      expect(statuses.filter((status) => status === 401)).toHaveLength(12);
      expect(statuses.slice(12)).toEqual([429, 429]);
    });

    /** How many of `tries` sign-ins from one address were looked at, and whether the last one was. */
    const tryFrom = async (address: string, tries: number): Promise<{ lookedAt: number; last: number }> => {
      const statuses: number[] = [];
      for (let index = 0; index < tries; index += 1) {
        const client = new TestClient(url, address);
        statuses.push((await client.login({ email: `limit${index}@example.com`, password: 'x' })).status);
      }
      expect(statuses.filter((status) => ![401, 429].includes(status))).toEqual([]);
      return { lookedAt: statuses.filter((status) => status === 401).length, last: statuses.at(-1)! };
    };
    /** Until both count in Redis again: exactly the limit is looked at. */
    const untilShared = async (network: string): Promise<void> => {
      for (let tries = 1; tries <= 30; tries += 1) {
        if ((await tryFrom(`${network}.${tries}`, 14)).lookedAt === 12) return;
        await delay(300);
      }
      throw new Error('the instances do not share their limits again');
    };

    it('count each for itself while Redis stands still or is gone, never open up, and share again by themselves', async () => {
      redis.freeze();
      const still = await tryFrom('10.7.0.1', 26);
      redis.thaw();
      expect(still.lookedAt).toBeGreaterThanOrEqual(12);
      expect(still.lookedAt).toBeLessThanOrEqual(24);
      expect(still.last).toBe(429);
      await untilShared('10.7.1');

      await redis.stop();
      const gone = await tryFrom('10.7.0.2', 26);
      expect([gone.lookedAt, gone.last]).toEqual([24, 429]);
      await redis.start();
      await untilShared('10.7.2');
    }, 60_000);

    it('begin their limits anew when Redis forgets everything, and are exact again at once', async () => {
      expect((await tryFrom('10.8.0.1', 14)).last).toBe(429);
      await redis.flush();
      expect(await tryFrom('10.8.0.1', 14)).toEqual({ lookedAt: 12, last: 429 });
    });

    it('share the lockout', async () => {
      const admin = await signIn();
      const email = 'terkunci@example.com';
      await admin.post('/users', { email, name: 'T' });
      for (let tries = 0; tries < 10; tries += 1)
        await new TestClient(url, `10.3.0.${tries}`).login({ email, password: 'wrong' });
      const locked = `SELECT count(*)::int AS n FROM benteng.login_lockouts WHERE email = '${email}' AND locked_until > now()`;
      expect(await count(locked)).toBe(1);
    });

    it('rotate a refresh token for many tabs at once into one successor', async () => {
      const client = await signIn();
      const token = client.cookies.get('refresh')!;
      const tabs = Array.from({ length: 20 }, () => {
        const tab = new TestClient(url, client.address);
        tab.cookies.set('refresh', token);
        return tab;
      });
      const answers = await Promise.all(tabs.map((tab) => tab.refresh()));
      expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
      expect(new Set(tabs.map((tab) => tab.cookies.get('refresh'))).size).toBe(1);
    });

    it('know at once of a session that ended', async () => {
      const [one, two] = [await signIn(), await signIn()];
      for (let calls = 0; calls < 4; calls += 1) expect((await two.get('/users/me')).status).toBe(200);
      await one.delete('/sessions?keep=current');
      for (let calls = 0; calls < 4; calls += 1) expect((await two.get('/users/me')).status).toBe(401);
    });

    it('take each code of the second factor once, whoever is asked', async () => {
      const admin = await signIn();
      const { body: setup } = await admin.post('/two-factor/setup');
      const { secret } = setup as { secret: string };
      // With the step before, so that the present one is still unused.
      const enabled = await admin.post('/two-factor/enable', { code: totpOf(secret, 30) });
      expect(enabled.status).toBe(200);
      const challenges: string[] = [];
      for (let tries = 0; tries < 8; tries += 1) {
        const { body } = await new TestClient(url, `10.4.0.${tries}`).login({
          email: EMAIL,
          password: OTHER_PASSWORD,
        });
        challenges.push((body as { challengeToken: string }).challengeToken);
      }
      const code = totpOf(secret);
      const answers = await Promise.all(
        challenges.map((challengeToken) =>
          new TestClient(url, '10.5.0.1').post('/auth/two-factor', { challengeToken, code }),
        ),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    }, 60_000);

    it('issue one live temporary password, and debit a balance exactly', async () => {
      expect(programs[0]!.output()).not.toMatch(/"level":"error"/);
      const register = {
        email: 'dua@example.com',
        password: GOOD_PASSWORD,
        name: 'D',
        organizationName: 'Dua',
      };
      const admin = new TestClient(url, '10.6.0.1');
      await admin.post('/auth/register', register);
      await admin.login(register);
      const { body: user } = await admin.post('/users', { email: 'tiga@example.com', name: 'T' });
      const { id } = user as { id: string };
      await admin.post(`/users/${id}/token-balance`, { amount: 10, reason: 'x', idempotencyKey: 'credit' });
      const { body: made } = await admin.post('/service-keys', { name: 'k', scopes: ['balance:debit'] });
      const { key } = made as { key: string };
      const debits = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          new TestClient(url, '10.6.0.2').post(
            `/internal/users/${id}/token-balance/debit`,
            { amount: 1, reason: 'x', idempotencyKey: `d${index}` },
            { 'X-Service-Key': key },
          ),
        ),
      );
      expect(debits.filter(({ status }) => status === 200)).toHaveLength(10);
      expect(debits.filter(({ status }) => status === 402)).toHaveLength(40);
      const issued = await Promise.all(
        Array.from({ length: 6 }, () => admin.post(`/admin/password-resets/${id}/temporary-password`)),
      );
      const alive = [];
      for (const { body } of issued.filter(({ status }) => status === 201)) {
        const { temporaryPassword: password } = body as { temporaryPassword: string };
        const login = await new TestClient(url, '10.6.0.3').login({ email: 'tiga@example.com', password });
        if (login.status === 200) alive.push(password);
      }
      expect(alive).toHaveLength(1);
    }, 60_000);
  },
);
