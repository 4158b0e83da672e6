import { Jobs } from '../../src/platform/jobs/jobs.js';
import { RETENTION_RULES, type RetentionRule } from '../../src/retention/retention-rules.js';
import { RetentionClock } from '../../src/retention/retention-clock.js';
import { RetentionService } from '../../src/retention/retention.service.js';
import { aPerson, signIn } from '../factories/people.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { openTestDatabase } from '../support/test-database.js';

describe('retention', () => {
  let test: TestApp;
  let retention: RetentionService;
  beforeAll(async () => {
    test = await startTestApp({ environment: NO_LIMITS });
    retention = test.app.get(RetentionService);
  });
  afterAll(() => test.close());

  const ruleOf = (kind: string): RetentionRule => RETENTION_RULES.find((rule) => rule.kind === kind)!;
  const addAttempts = (count: number, createdAt: Date) => test.database.client.$executeRaw`
    INSERT INTO benteng.login_attempts (id, email, success, ip_address, address_bucket, request_id, created_at)
    SELECT gen_random_uuid(), 'old@example.com', false, '192.0.2.1', '192.0.2.1', gen_random_uuid(), ${createdAt}
    FROM generate_series(1, ${count}::int)`;
  const attempts = () => test.database.client.loginAttempt.count({ where: { email: 'old@example.com' } });

  it('takes each kind of data when its time has come, and not a moment before [L-S6.2] [L-6.1]', async () => {
    const person = await aPerson(test);
    await signIn(test, person);
    await test.client().login({ email: person.email, password: 'wrong' });
    await signIn(test, person);
    const id = Uint8Array.from(Buffer.alloc(32, 7));
    await test.database.client.spentCaptcha.create({ data: { id, expiresAt: test.clock.now() } });
    await test.app.get(Jobs).runNow('notices');
    const due = async () =>
      Object.fromEntries(
        await Promise.all(RETENTION_RULES.map(async (rule) => [rule.kind, await retention.count(rule)])),
      );
    const none = {
      'login-attempts': 0,
      sessions: 0,
      challenges: 0,
      lockouts: 0,
      'remembered-devices': 0,
      notices: 0,
      'webhook-events': 0,
      'webhook-deliveries': 0,
      'webhook-failures': 0,
      'blocked-addresses': 0,
      imports: 0,
    };
    expect(await due()).toEqual({ ...none, 'spent-captchas': 1 });
    test.clock.advanceSeconds(3600);
    expect(await due()).toMatchObject({ lockouts: 1, sessions: 0 });
    test.clock.advanceSeconds(86_400 - 3600 + 30 * 86_400 - 1);
    expect(await due()).toMatchObject({ sessions: 0, notices: 1 });
    test.clock.advanceSeconds(1);
    expect(await due()).toMatchObject({ sessions: 2, 'login-attempts': 0 });
    test.clock.advanceSeconds(59 * 86_400 - 1);
    expect(await due()).toMatchObject({ 'login-attempts': 0 });
    test.clock.advanceSeconds(1);
    expect(await due()).toMatchObject({ 'login-attempts': 3 });
    // An operator says that the clock is right: it went 90 days ahead at once.
    await test.app.get(RetentionClock).trust(test.clock.now());
    for (const rule of RETENTION_RULES) await test.app.get(Jobs).runNow(`retention ${rule.kind}`);
    expect(await due()).toEqual({ ...none, 'spent-captchas': 0 });
    expect(await test.database.client.user.count()).toBe(1);
    expect(await test.database.client.securityEvent.count()).toBe(2);
    expect(test.logLines.filter((line) => /retention: \d+ rows of/.test(line)).length).toBeGreaterThanOrEqual(
      4,
    );
  });

  it('goes in small batches, stops when it is told to, and goes on later', async () => {
    const old = new Date(test.clock.now().getTime() - 91 * 86_400_000);
    await addAttempts(250, old);
    await addAttempts(5, test.clock.now());
    const stop = new AbortController();
    const batches: number[] = [];
    const onDeleted = (count: number) => {
      batches.push(count);
      if (batches.length === 2) stop.abort();
    };
    const rule = ruleOf('login-attempts');
    expect(await retention.run(rule, { all: true, batchSize: 100, stop: stop.signal, onDeleted })).toBe(200);
    expect(batches).toEqual([100, 100]);
    expect(await attempts()).toBe(55);
    expect(await retention.run(rule, { batchSize: 100 })).toBe(50);
    expect(await attempts()).toBe(5);
  });

  it('leaves one line about what went, in the log as it is by default', async () => {
    await addAttempts(3, new Date(test.clock.now().getTime() - 91 * 86_400_000));
    const from = test.logLines.length;
    await test.app.get(Jobs).runNow('retention login-attempts');
    await test.app.get(Jobs).runNow('retention login-attempts');
    const told = test.logLines.slice(from).filter((line) => line.includes('retention'));
    expect(told).toEqual([expect.stringContaining('retention: 3 rows of login-attempts deleted')]);
    expect(told[0]).toContain('"level":"info"');
  });

  const alertsNow = async () => {
    await test.app.get(Jobs).runNow('alert delivery');
    return test.database.client.alert.findMany({ where: { kind: 'retention_held', acknowledgedAt: null } });
  };

  it('takes a tenth of a kind at once, by itself, and tells whoever runs it [F-16]', async () => {
    const rule = ruleOf('login-attempts');
    await retention.run(rule, { all: true });
    await addAttempts(2000, new Date(test.clock.now().getTime() - 91 * 86_400_000));
    const rest = (await test.database.client.loginAttempt.count()) - 2000;
    await test.app.get(Jobs).runNow('retention login-attempts');
    expect(await retention.count(rule)).toBe(2000 - Math.ceil((2000 + rest) / 10));
    expect(await alertsNow()).toMatchObject([
      { organizationId: null, details: { of: 'login-attempts', reason: expect.stringContaining('tenth') } },
    ]);
    expect(await retention.run(rule, { all: true })).toBe(2000 - Math.ceil((2000 + rest) / 10));
  });

  it('deletes nothing by a clock that has jumped, until it has gone on for a day or an operator trusts it [F-16]', async () => {
    const rule = ruleOf('login-attempts');
    const jobs = test.app.get(Jobs);
    await addAttempts(5, test.clock.now());
    await jobs.runNow('retention login-attempts');
    const before = await test.database.client.loginAttempt.count();
    test.clock.advanceSeconds(365 * 86_400);
    await jobs.runNow('retention login-attempts');
    expect(await test.database.client.loginAttempt.count()).toBe(before);
    expect(await alertsNow()).toMatchObject([
      { details: { reason: expect.stringContaining('the last look') } },
    ]);
    for (let hour = 0; hour < 23; hour += 1) {
      test.clock.advanceSeconds(3600);
      await jobs.runNow('retention login-attempts');
    }
    expect(await test.database.client.loginAttempt.count()).toBe(before);
    test.clock.advanceSeconds(3600);
    await jobs.runNow('retention login-attempts');
    expect(await retention.count(rule)).toBe(0);

    // Set right again: the clock goes back a year.
    test.clock.advanceSeconds(-365 * 86_400);
    expect(await test.app.get(RetentionClock).objection(test.clock.now())).toContain('the last look');
    await test.app.get(RetentionClock).trust(test.clock.now());
    expect(await test.app.get(RetentionClock).objection(test.clock.now())).toBeNull();
  });

  it('runs once at a time', async () => {
    await addAttempts(300, new Date(test.clock.now().getTime() - 91 * 86_400_000));
    const rule = ruleOf('login-attempts');
    const outcomes = await Promise.all([
      retention.run(rule, { all: true, batchSize: 50 }),
      retention.run(rule, { all: true, batchSize: 50 }),
    ]);
    expect(outcomes.toSorted()).toEqual([300, null]);
  });

  // The embedded database has one instance alone: only a server can show two.
  (process.env['TEST_DATABASE_URL'] === undefined ? it.skip : it)(
    'leaves alone what another instance is at, and goes on when that one is gone',
    async () => {
      const connection = await openTestDatabase();
      const other = await startTestApp({ connection });
      try {
        const release = (await connection.tryLock!('retention login-attempts'))!;
        const rule = ruleOf('login-attempts');
        expect(await other.app.get(RetentionService).run(rule, {})).toBeNull();
        expect(await other.app.get(Jobs).runNow('retention login-attempts')).toBe(false);
        expect(await other.app.get(RetentionService).run(ruleOf('sessions'), {})).toBe(0);
        await release();
        expect(await other.app.get(RetentionService).run(rule, {})).toBe(0);
      } finally {
        await other.close();
      }
    },
  );

  it('of 100,000 rows lets sign-ins through all the while', async () => {
    await addAttempts(100_000, new Date(test.clock.now().getTime() - 91 * 86_400_000));
    const person = await aPerson(test);
    const sizes: number[] = [];
    const run = retention.run(ruleOf('login-attempts'), {
      all: true,
      onDeleted: (count) => sizes.push(count),
    });
    let signedIn = 0;
    const signInAgain = async (): Promise<void> => {
      expect((await test.client().login(person)).status).toBe(200);
      signedIn += 1;
      if ((sizes.at(-1) ?? 500) === 500) await signInAgain();
    };
    await signInAgain();
    expect(await run).toBe(100_000);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(500);
    expect(signedIn).toBeGreaterThan(10);
  }, 120_000);

  it.each(RETENTION_RULES.map((rule) => [rule.kind, rule] as const))(
    'of %s is served by an index',
    async (_kind, rule) => {
      const indexes = await test.database.client.$queryRaw<{ definition: string }[]>`
      SELECT indexdef AS definition FROM pg_indexes WHERE schemaname = 'benteng' AND tablename = ${rule.table}`;
      expect(indexes.some(({ definition }) => definition.endsWith(`(${rule.column})`))).toBe(true);
    },
  );
});
