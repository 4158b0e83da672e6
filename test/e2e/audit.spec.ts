import { Jobs } from '../../src/platform/jobs/jobs.js';
import {
  aPerson,
  aSignedInAdmin,
  aSignedInUser,
  issueTemporaryPassword,
  type SignedIn,
  signIn,
} from '../factories/people.js';
import { anEnrolledPerson, prove } from '../factories/second-factors.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { AdminCreation } from '../../src/users/admin-creation.js';
import { pageOf } from '../support/pages.js';
import { expectProblem } from '../support/problems.js';
import { MEMORY_COUNTERS } from '../support/test-config.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('the audit', () => {
  let test: TestApp;
  let admin: SignedIn;
  beforeAll(async () => {
    test = await startTestApp({ environment: NO_LIMITS });
    await aSignedInAdmin(test); // the first organization, which is nobody special
  });
  beforeEach(async () => {
    test.clock.advanceSeconds(1);
    admin = await aSignedInAdmin(test);
  });
  afterAll(() => test.close());

  const attempts = async (query = '', reader = admin) =>
    pageOf(await reader.client.get(`/audit/login-attempts${query}`)).items;
  const fail = (email: string, client = test.client()) =>
    client.login({ email, password: 'Wrong-password-1' });

  describe('of sign-ins', () => {
    it('has a row for every try, with its reason [L-S6.2] [V16.3.1]', async () => {
      const { organizationId } = admin;
      const person = await aPerson(test, { organizationId });
      const suspended = await aPerson(test, { organizationId, status: 'SUSPENDED' });
      const invited = await aPerson(test, { organizationId, passwordHash: null });
      const late = await aPerson(test, { organizationId });
      const temporaryPassword = await issueTemporaryPassword(admin, late.id);
      test.clock.advanceSeconds(86_401);
      await admin.client.login(admin);
      await fail(person.email);
      await test.client().login(person);
      await fail(suspended.email);
      await fail(invited.email);
      await test.client().login({ email: late.email, password: temporaryPassword });
      const rows = await attempts('?limit=6');
      expect(rows.map(({ email, success, failureReason }) => [email, success, failureReason])).toEqual([
        [late.email, false, 'temporary_password_expired'],
        [invited.email, false, 'no_password'],
        [suspended.email, false, 'account_suspended'],
        [person.email, true, null],
        [person.email, false, 'invalid_password'],
        [admin.email, true, null],
      ]);
      expect(Object.keys(rows[0]!)).toEqual([
        'id',
        'email',
        'success',
        'failureReason',
        'ipAddress',
        'userAgent',
        'createdAt',
        'count',
      ]);
    });

    it('shows a sign-in of two steps as failed until the second factor holds', async () => {
      const person = await anEnrolledPerson(test);
      const { organizationId } = await test.database.client.user.findUniqueOrThrow({
        where: { id: person.id },
      });
      const reader = await aSignedInAdmin(test, { organizationId });
      const of = async () =>
        (await attempts(`?email=${person.email}`, reader)).map(({ success, failureReason }) => [
          success,
          failureReason,
        ]);
      const before = await of();
      const { challengeToken } = (await test.client().login(person)).body as { challengeToken: string };
      expect(await of()).toEqual([[false, 'two_factor_failed'], ...before]);
      test.clock.advanceSeconds(1);
      await prove(test, { challengeToken, code: person.codeNow(5) });
      await prove(test, { challengeToken, code: person.codeNow() });
      expect(await of()).toEqual([[false, 'two_factor_failed'], [true, null], ...before]);
    });

    it('records tries that a limit refused [L-S6.2] [F-40]', async () => {
      // In memory: windows that the test moves.
      const limited = await startTestApp({
        environment: { ...MEMORY_COUNTERS, RATE_LIMIT_GLOBAL: '1000/60' },
      });
      try {
        const reader = await aSignedInAdmin(limited);
        const person = await aPerson(limited, { organizationId: reader.organizationId });
        const client = limited.client();
        for (let index = 0; index < 45; index += 1) await fail(person.email, client);
        for (let index = 0; index < 10; index += 1) await fail(`made-up-${index}@example.com`, client);
        const refused = async (of = person.email) =>
          pageOf(await reader.client.get(`/audit/login-attempts?email=${of}&limit=100`)).items.filter(
            ({ failureReason }) => failureReason === 'rate_limited',
          );
        expect(await refused()).toMatchObject([{ success: false, count: 50, ipAddress: client.address }]);
        const rows = await limited.database.client.loginAttempt.count({
          where: { failureReason: 'rate_limited' },
        });
        expect(rows).toBe(1);
        limited.clock.advanceSeconds(60);
        for (let index = 0; index < 7; index += 1) await fail(person.email, client);
        expect((await refused()).map(({ count }) => count)).toEqual([2, 50]);
        // Many addresses at one email: its counter is what they use up.
        const target = await aPerson(limited, { organizationId: reader.organizationId });
        for (let index = 0; index < 25; index += 1) await fail(target.email, limited.client());
        await limited.app.get(Jobs).runNow('refused sign-ins');
        expect((await refused(target.email)).map(({ count }) => count)).toEqual([20]);
        limited.clock.advanceSeconds(3600);
        const { client: own } = await signIn(limited, person);
        const history = pageOf(await own.get('/users/me/login-attempts?limit=100')).items;
        expect(new Set(history.map(({ failureReason }) => failureReason))).toEqual(
          new Set([null, 'invalid_password']),
        );
      } finally {
        await limited.close();
        await test.close();
        test = await startTestApp({ environment: NO_LIMITS });
      }
    });

    it('is filtered by email, success, address and time, and paged', async () => {
      const { organizationId } = admin;
      const person = await aPerson(test, { organizationId });
      test.clock.advanceSeconds(1);
      const from = test.clock.now().toISOString();
      const office = test.client();
      for (let index = 0; index < 3; index += 1) {
        await fail(person.email, office);
        test.clock.advanceSeconds(1);
      }
      const to = test.clock.now().toISOString();
      await test.client().login(person);
      expect(await attempts(`?email=${person.email.toUpperCase()}`)).toHaveLength(4);
      expect(await attempts(`?email=${person.email}&success=true`)).toHaveLength(1);
      expect(await attempts(`?ip=::ffff:${office.address}`)).toHaveLength(3);
      expect(await attempts(`?from=${from}&to=${to}`)).toHaveLength(3);
      expect(await attempts(`?from=${to}&email=${person.email}`)).toHaveLength(1);
      const all = await attempts('?limit=100');
      const paged: Record<string, unknown>[] = [];
      for (let cursor = ''; ;) {
        const page = pageOf(await admin.client.get(`/audit/login-attempts?limit=2${cursor}`));
        paged.push(...page.items);
        if (page.nextCursor === null) break;
        cursor = `&cursor=${page.nextCursor}`;
      }
      expect(paged).toEqual(all);
    });

    it('is one organization’s own; addresses of nobody are shown to operators alone [L-0.1] [F-22]', async () => {
      const stranger = await aSignedInAdmin(test);
      const person = await aPerson(test, { organizationId: stranger.organizationId });
      await fail(person.email);
      const ghost = `ghost${test.clock.now().getTime()}@example.com`;
      await fail(ghost, admin.client);
      admin.client.accessToken = (await admin.client.login(admin)).body.accessToken as string;
      expect(await attempts(`?email=${person.email}`)).toEqual([]);
      expect(await attempts(`?email=${person.email}`, stranger)).toHaveLength(1);
      const first = await test.database.client.organization.findFirstOrThrow({
        orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
      });
      const host = await aSignedInAdmin(test, { organizationId: first.id });
      for (const reader of [admin, stranger, host])
        expect(await attempts(`?email=${ghost}`, reader)).toEqual([]);
      await test.app.get(AdminCreation).makeOperator(host.email);
      expect(await attempts(`?email=${ghost}`, host)).toMatchObject([{ failureReason: 'unknown_email' }]);
      const { text } = await host.client.get('/audit/login-attempts.csv');
      expect(text).toContain(ghost);
    });

    it('shows everybody their own history, and nothing else', async () => {
      const user = await aSignedInUser(test, { organizationId: admin.organizationId });
      await fail(user.email);
      const { items } = pageOf(await user.client.get('/users/me/login-attempts'));
      expect(items.map(({ email, success }) => [email, success])).toEqual([
        [user.email, false],
        [user.email, true],
      ]);
      expect(pageOf(await user.client.get('/users/me/login-attempts?success=true')).items).toHaveLength(1);
      expectProblem(await user.client.get('/audit/login-attempts'), 403, 'FORBIDDEN');
      expectProblem(await user.client.get('/audit/login-attempts.csv'), 403, 'FORBIDDEN');
      expectProblem(await user.client.get('/audit/events'), 403, 'FORBIDDEN');
    });

    it('can be taken out as CSV, in which nothing is a formula [V1.2.10]', async () => {
      const person = await aPerson(test, { organizationId: admin.organizationId });
      const client = test.client();
      client.userAgent = '=HYPERLINK("http://evil.example";"x")';
      await fail(person.email, client);
      const response = await admin.client.get(`/audit/login-attempts.csv?email=${person.email}`);
      expect(response.status).toBe(200);
      expect(response.headers['content-type']).toBe('text/csv; charset=utf-8');
      expect(response.headers['content-disposition']).toBe('attachment; filename="login-attempts.csv"');
      const [header, row, end] = response.text.split('\r\n');
      expect(header).toBe(
        '"id","createdAt","email","success","failureReason","ipAddress","userAgent","count"',
      );
      expect(row).toMatch(/,"1"$/);
      expect(row).toContain(`"'=HYPERLINK(""http://evil.example"";""x"")"`);
      expect(end).toBe('');
    });

    it('is taken out whole, however long it is', async () => {
      const { organizationId } = admin;
      await test.database.client.$executeRaw`
        INSERT INTO benteng.login_attempts (id, organization_id, email, success, ip_address, address_bucket, request_id, created_at)
        SELECT gen_random_uuid(), ${organizationId}::uuid, 'many@example.com', false, '192.0.2.1', '192.0.2.1',
               gen_random_uuid(), ${test.clock.now()} FROM generate_series(1, 2500)`;
      const response = await admin.client.get('/audit/login-attempts.csv?email=many@example.com');
      const ids = response.text
        .split('\r\n')
        .slice(1, -1)
        .map((line) => line.slice(1, 37));
      expect(ids).toHaveLength(2500);
      expect(new Set(ids).size).toBe(2500);
    });

    it('keeps a user agent of 8 kB with control characters short and clean, and no password at all', async () => {
      const person = await aPerson(test, { organizationId: admin.organizationId });
      const client = test.client();
      client.userAgent = `Evil\tAgent ${'x'.repeat(8000)}`;
      await fail(person.email, client);
      const [row] = await attempts(`?email=${person.email}`);
      expect((row!['userAgent'] as string).length).toBeLessThanOrEqual(512);
      expect(row!['userAgent']).toMatch(/^Evil Agent x+$/);
      const typed = 'My-Secret-Passw0rd!';
      expectProblem(await test.client().login({ email: typed, password: 'x' }), 400, 'VALIDATION_FAILED');
      const kept =
        JSON.stringify(await test.database.client.loginAttempt.findMany()) + test.logLines.join('');
      expect(kept).not.toContain(typed);
      expect(kept).not.toContain('Wrong-password-1');
    });
  });

  describe('of events', () => {
    it('shows who did what to whom, from where, with its place in the chain', async () => {
      const person = await aPerson(test, { organizationId: admin.organizationId });
      await admin.client.patch(`/users/${person.id}`, { role: 'ADMIN' });
      const page = pageOf(
        await admin.client.get(`/audit/events?targetId=${person.id}&action=user.role_changed`),
      );
      expect(page.items).toEqual([
        {
          id: expect.any(String),
          sequence: expect.any(Number),
          action: 'user.role_changed',
          actorId: admin.id,
          targetId: person.id,
          ipAddress: admin.client.address,
          requestId: expect.any(String),
          details: { from: 'USER', to: 'ADMIN' },
          createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
          hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
      ]);
      const all = pageOf(await admin.client.get('/audit/events?limit=100')).items;
      expect(all.map(({ sequence }) => sequence).toSorted((a, b) => Number(a) - Number(b))).toEqual(
        all.map((_event, index) => index + 1),
      );
    });

    it('is filtered by actor and time, and paged', async () => {
      const from = test.clock.now().toISOString();
      const person = await aPerson(test, { organizationId: admin.organizationId });
      for (const name of ['Ani', 'Budi', 'Citra']) await admin.client.patch(`/users/${person.id}`, { name });
      test.clock.advanceSeconds(1);
      const to = test.clock.now().toISOString();
      const list = (query: string) => admin.client.get(`/audit/events?${query}`).then((r) => pageOf(r).items);
      expect(await list(`actorId=${admin.id.toUpperCase()}&action=user.updated`)).toHaveLength(3);
      expect(await list(`from=${to}`)).toEqual([]);
      expect(await list(`from=${from}&to=${to}&action=user.updated`)).toHaveLength(3);
      const first = pageOf(await admin.client.get('/audit/events?limit=2'));
      const rest = await list(`limit=100&cursor=${first.nextCursor}`);
      expect([...first.items, ...rest]).toEqual(await list('limit=100'));
    });

    it('is one organization’s own [L-0.1]', async () => {
      const stranger = await aSignedInAdmin(test);
      const { items } = pageOf(await stranger.client.get('/audit/events'));
      expect(items.map(({ actorId }) => actorId)).toEqual([stranger.id]);
    });
  });
});
