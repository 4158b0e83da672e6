import { PasswordHasher } from '../../src/platform/passwords/password-hasher.js';
import { asText } from '../support/as-text.js';
import { addSeconds } from '../../src/platform/clock/clock.js';
import {
  aPerson,
  aSignedInAdmin,
  aSignedInUser,
  issueTemporaryPassword,
  OTHER_PASSWORD,
  type Person,
} from '../factories/people.js';
import { anEnrolledPerson, factorOf, prove, wrongCode } from '../factories/second-factors.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { pageOf } from '../support/pages.js';
import { expectProblem } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const UNKNOWN_ID = '01890a5d-ac96-774b-bcce-b302099a8057';

describe('resets by an administrator', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({ environment: NO_LIMITS });
  });
  afterAll(() => test.close());

  const rowOf = (id: string) => test.database.client.user.findUniqueOrThrow({ where: { id } });
  const askForHelp = async (email: string) => {
    const client = test.client();
    await client.post('/auth/forgot-password', { email });
    return client.address;
  };
  const aPair = async (overrides: Parameters<typeof aPerson>[1] = {}) => {
    const admin = await aSignedInAdmin(test);
    const person = await aPerson(test, { organizationId: admin.organizationId, ...overrides });
    return { admin, person };
  };
  /** As many failures as lock the account for strangers, and its second factor. */
  const lockBoth = async (person: Person) => {
    const lockedUntil = addSeconds(test.clock.now(), 1800);
    await test.database.client.totpFactor.updateMany({
      where: { userId: person.id },
      data: { failedAttemptCount: 10, failureWindowEndsAt: addSeconds(lockedUntil, 1800), lockedUntil },
    });
    const lockout = { failures: [], lockedUntil, expiresAt: lockedUntil };
    await test.database.client.loginLockout.upsert({
      where: { email_lane: { email: person.email, lane: '' } },
      create: { email: person.email, lane: '', ...lockout },
      update: lockout,
    });
  };
  const issuePath = (id: string) => `/admin/password-resets/${id}/temporary-password`;

  describe('the queue', () => {
    it('shows who asked, when and from where, oldest request first [T-5.2a]', async () => {
      const { admin, person: late } = await aPair();
      const early = await aPerson(test, { organizationId: admin.organizationId });
      const address = await askForHelp(early.email);
      const requestedAt = test.clock.now();
      test.clock.advanceSeconds(60);
      await askForHelp(late.email);
      const { items, nextCursor } = pageOf(await admin.client.get('/admin/password-resets'));
      expect(nextCursor).toBeNull();
      expect(items.map(({ user }) => (user as { id: string }).id)).toEqual([early.id, late.id]);
      expect(items[0]).toEqual({
        user: expect.objectContaining({
          id: early.id,
          email: early.email,
          passwordResetRequested: true,
          passwordResetRequestDate: requestedAt.toISOString(),
        }),
        requestedAt: requestedAt.toISOString(),
        requestIp: address,
        lastLoginAt: null,
        twoFactorEnabled: false,
      });
    });

    it('leads through all pages, requests of the same instant included, and may be empty', async () => {
      const { admin } = await aPair();
      expect(pageOf(await admin.client.get('/admin/password-resets'))).toEqual({
        items: [],
        nextCursor: null,
      });
      const start = test.clock.now().getTime();
      const people: Person[] = [];
      for (const offset of [2000, 0, 1000, 1000, 1000]) {
        const passwordResetRequestedAt = new Date(start + offset);
        people.push(await aPerson(test, { organizationId: admin.organizationId, passwordResetRequestedAt }));
      }
      const expected = [1, 2, 3, 4, 0].map((index) => people[index]!.id);
      const seen: unknown[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
        const page = pageOf(await admin.client.get(`/admin/password-resets?limit=2${query}`));
        seen.push(...page.items.map(({ user }) => (user as { id: string }).id));
        cursor = page.nextCursor;
      }
      expect(seen).toEqual(expected);
      expectProblem(await admin.client.get('/admin/password-resets?cursor=eHg'), 400, 'VALIDATION_FAILED');
    });

    it('shows nothing of other organizations, and nothing to ordinary people [L-0.1] [O-3]', async () => {
      const { person } = await aPair();
      await askForHelp(person.email);
      const stranger = await aSignedInAdmin(test);
      expect(pageOf(await stranger.client.get('/admin/password-resets')).items).toEqual([]);
      const { client } = await aSignedInUser(test);
      expectProblem(await client.get('/admin/password-resets'), 403, 'FORBIDDEN');
    });
  });

  describe('a temporary password', () => {
    it('is 24 readable letters and digits, shown once, stored only as argon2id [T-5.2b] [O-9]', async () => {
      const { admin, person } = await aPair();
      const response = await admin.client.post(issuePath(person.id));
      expect(response.status).toBe(201);
      expect(response.body).toEqual({
        temporaryPassword: expect.stringMatching(/^[2-9A-HJ-NP-Za-km-z]{24}$/),
        expiresAt: new Date(test.clock.now().getTime() + 86_400_000).toISOString(),
      });
      const { temporaryPassword } = response.body as { temporaryPassword: string };
      const { passwordHash } = await rowOf(person.id);
      expect(passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
      const events = await test.database.client.securityEvent.findMany({ where: { targetId: person.id } });
      expect(events).toMatchObject([
        { action: 'password.temporary_issued', actorId: admin.id, details: { wasRequested: false } },
      ]);
      for (const text of [asText(events), test.logLines.join('')])
        expect(text).not.toContain(temporaryPassword);
      expect((await admin.client.get(`/users/${person.id}`)).text).not.toContain(temporaryPassword);
    });

    it('takes the flag down, replaces the old password and ends every session [T-5.3]', async () => {
      const { admin, person } = await aPair();
      const client = test.client();
      await client.login(person);
      await askForHelp(person.email);
      await issueTemporaryPassword(admin, person.id);
      expect((await admin.client.get(`/users/${person.id}`)).body).toMatchObject({
        passwordResetRequested: false,
        passwordResetRequestDate: null,
        mustChangePassword: true,
      });
      expect(pageOf(await admin.client.get('/admin/password-resets')).items).toEqual([]);
      expectProblem(await client.get('/users/me'), 401, 'SESSION_ENDED');
      expectProblem(await client.refresh(), 401, 'SESSION_ENDED');
      expectProblem(await test.client().login(person), 401, 'INVALID_CREDENTIALS');
    });

    it('gives an account without a password its first one [O-1]', async () => {
      const { admin, person } = await aPair({ passwordHash: null, passwordChangedAt: null });
      const password = await issueTemporaryPassword(admin, person.id);
      expect((await test.client().login({ email: person.email, password })).body).toMatchObject({
        status: 'password_change_required',
      });
    });

    it('[F-45] is spent by the change it opens: a later sign-in ends the earlier challenge', async () => {
      const { admin, person } = await aPair();
      const password = await issueTemporaryPassword(admin, person.id);
      const login = () => test.client().login({ email: person.email, password });
      const change = ({ body }: { body: unknown }) =>
        test.client().post('/auth/password-change', {
          challengeToken: (body as { challengeToken: string }).challengeToken,
          newPassword: OTHER_PASSWORD,
        });
      const closedTab = await login();
      test.clock.advanceSeconds(3600);
      const [second, third] = await Promise.all([login(), login()]);
      for (const { body } of [closedTab, second, third])
        expect(body).toMatchObject({ status: 'password_change_required' });
      expectProblem(await change(closedTab), 401, 'CHALLENGE_REFUSED');
      // Of two at the same moment one challenge is open.
      const answers = [await change(second), await change(third)].map(({ status }) => status);
      expect(answers.toSorted()).toEqual([200, 401]);
      expectProblem(await login(), 401, 'INVALID_CREDENTIALS');
      const used = { targetId: person.id, action: 'password.temporary_used' };
      expect(await test.database.client.securityEvent.count({ where: used })).toBe(3);
    });

    it('[F-45] opens five sign-ins at most, also many at once', async () => {
      const { admin, person } = await aPair();
      const password = await issueTemporaryPassword(admin, person.id);
      const login = () => test.client().login({ email: person.email, password });
      const answers = await Promise.all(Array.from({ length: 8 }, login));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
      expectProblem(await login(), 401, 'INVALID_CREDENTIALS');
      const attempts = await test.database.client.loginAttempt.findMany({
        where: { email: person.email, failureReason: 'temporary_password_expired' },
      });
      expect(attempts.length).toBeGreaterThan(0);
      const again = await issueTemporaryPassword(admin, person.id);
      expect((await test.client().login({ email: person.email, password: again })).status).toBe(200);
    });

    it('[F-45] survives five mistyped codes of the second factor', async () => {
      const admin = await aSignedInAdmin(test);
      const person = await anEnrolledPerson(test, { organizationId: admin.organizationId });
      const password = await issueTemporaryPassword(admin, person.id);
      const login = async () => {
        const { body } = await test.client().login({ email: person.email, password });
        expect(body).toMatchObject({ status: 'two_factor_required' });
        return (body as { challengeToken: string }).challengeToken;
      };
      const first = await login();
      for (let attempt = 0; attempt < 5; attempt += 1)
        expectProblem(
          await prove(test, { challengeToken: first, code: wrongCode(person) }),
          401,
          'TWO_FACTOR_CODE_REFUSED',
        );
      const second = await prove(test, { challengeToken: await login(), code: person.codeNow() });
      expect(second.body).toMatchObject({ status: 'password_change_required' });
    });

    it('[F-49] ends the lock of the account and of its second factor', async () => {
      const admin = await aSignedInAdmin(test);
      const person = await anEnrolledPerson(test, { organizationId: admin.organizationId });
      await lockBoth(person);
      const password = await issueTemporaryPassword(admin, person.id);
      const { body } = await test.client().login({ email: person.email, password });
      const { challengeToken } = body as { challengeToken: string };
      const proved = await prove(test, { challengeToken, code: person.codeNow() });
      expect(proved.body).toMatchObject({ status: 'password_change_required' });
      expect(await factorOf(test, person)).toMatchObject({ failedAttemptCount: 0 });
    });

    it('[F-49] leaves both locks to an administrator who unlocks the account', async () => {
      const admin = await aSignedInAdmin(test);
      const person = await anEnrolledPerson(test, { organizationId: admin.organizationId });
      await lockBoth(person);
      const unlock = () => admin.client.post(`/users/${person.id}/unlock`);
      expect((await unlock()).status).toBe(204);
      const { body } = await test.client().login(person);
      const { challengeToken } = body as { challengeToken: string };
      expect((await prove(test, { challengeToken, code: person.codeNow() })).status).toBe(200);
      expect((await unlock()).status).toBe(204);
      const unlocked = await test.database.client.securityEvent.findMany({
        where: { targetId: person.id, action: 'user.unlocked' },
      });
      expect(unlocked).toMatchObject([{ actorId: admin.id, details: { signIn: true, secondFactor: true } }]);
    });

    it('works for 24 hours', async () => {
      const [early, late] = [await aPair(), await aPair()];
      const passwords = [
        await issueTemporaryPassword(early.admin, early.person.id),
        await issueTemporaryPassword(late.admin, late.person.id),
      ] as const;
      test.clock.advanceSeconds(24 * 60 * 60 - 1);
      expect(
        (await test.client().login({ email: early.person.email, password: passwords[0] })).body,
      ).toMatchObject({ status: 'password_change_required' });
      test.clock.advanceSeconds(1);
      expectProblem(
        await test.client().login({ email: late.person.email, password: passwords[1] }),
        401,
        'INVALID_CREDENTIALS',
      );
    });

    it('dies when a newer one is issued', async () => {
      const { admin, person } = await aPair();
      const first = await issueTemporaryPassword(admin, person.id);
      const second = await issueTemporaryPassword(admin, person.id, { replace: true });
      expectProblem(
        await test.client().login({ email: person.email, password: first }),
        401,
        'INVALID_CREDENTIALS',
      );
      expect((await test.client().login({ email: person.email, password: second })).status).toBe(200);
    });

    it('issued by two administrators at once is given to one of them, or the earlier one is dead', async () => {
      const { admin, person } = await aPair();
      const other = await aSignedInAdmin(test, { organizationId: admin.organizationId });
      const answers = await Promise.all(
        [admin, other].map(({ client }) => client.post(issuePath(person.id))),
      );
      for (const refused of answers.filter(({ status }) => status !== 201))
        expectProblem(refused, 409, 'CONFLICT');
      const logins = [];
      for (const { body } of answers.filter(({ status }) => status === 201)) {
        const password = (body as { temporaryPassword: string }).temporaryPassword;
        logins.push((await test.client().login({ email: person.email, password })).status);
      }
      expect(logins.filter((status) => status === 200)).toHaveLength(1);
    });

    it('for one’s own account must come from another administrator', async () => {
      const admin = await aSignedInAdmin(test);
      expectProblem(await admin.client.post(issuePath(admin.id)), 403, 'FORBIDDEN');
      expect((await test.client().login(admin)).body).toMatchObject({ status: 'authenticated' });
    });

    it('costs its administrator a hash of thirty a minute, whichever the route [F-25]', async () => {
      const admin = await aSignedInAdmin(test);
      const people = await Promise.all(
        Array.from({ length: 32 }, () => aPerson(test, { organizationId: admin.organizationId })),
      );
      const [first, ...others] = people;
      const hash = jest.spyOn(test.app.get(PasswordHasher), 'hash').mockResolvedValue('$argon2id$none');
      const patch = (id: string) => admin.client.patch(`/users/${id}`, { password: OTHER_PASSWORD });
      for (const { id } of others.slice(0, 20)) await issueTemporaryPassword(admin, id);
      for (const { id } of others.slice(20, 30)) expect((await patch(id)).status).toBe(200);
      expect(hash).toHaveBeenCalledTimes(30);
      expectProblem(await admin.client.post(issuePath(first!.id)), 429, 'RATE_LIMITED');
      expectProblem(await patch(first!.id), 429, 'RATE_LIMITED');
      const own = { currentPassword: admin.password, newPassword: OTHER_PASSWORD };
      expectProblem(await admin.client.post('/auth/change-password', own), 429, 'RATE_LIMITED');
      expect(hash).toHaveBeenCalledTimes(30);
      hash.mockRestore();
    });

    it('[F-49] is refused for a suspended account, which it would not bring back', async () => {
      const { admin, person } = await aPair({ status: 'SUSPENDED' });
      const before = await rowOf(person.id);
      expectProblem(await admin.client.post(issuePath(person.id)), 409, 'CONFLICT');
      expect(await rowOf(person.id)).toEqual(before);
      await admin.client.patch(`/users/${person.id}`, { status: 'ACTIVE' });
      expect((await admin.client.post(issuePath(person.id))).status).toBe(201);
    });

    it('takes the place of one that nobody has used only when that is said', async () => {
      const { admin, person } = await aPair();
      const shown = async () =>
        ((await admin.client.get(`/users/${person.id}`)).body as { temporaryPassword: unknown })
          .temporaryPassword;
      expect(await shown()).toBeNull();
      const password = await issueTemporaryPassword(admin, person.id);
      const issuedAt = test.clock.now();
      const expiresAt = new Date(issuedAt.getTime() + 86_400_000).toISOString();
      expect(await shown()).toEqual({ issuedAt: issuedAt.toISOString(), expiresAt, used: false });
      for (const body of [undefined, {}, { replace: false }])
        expectProblem(await admin.client.post(issuePath(person.id), body), 409, 'CONFLICT');
      expectProblem(
        await admin.client.post(issuePath(person.id), { replace: 'yes' }),
        400,
        'VALIDATION_FAILED',
      );
      // The refusals left the first one alone; once somebody has signed in with it, a new one needs no word.
      expect((await test.client().login({ email: person.email, password })).status).toBe(200);
      expect(await shown()).toEqual({ issuedAt: issuedAt.toISOString(), expiresAt, used: true });
      expect((await admin.client.post(issuePath(person.id))).status).toBe(201);
      expect((await admin.client.post(issuePath(person.id), { replace: true })).status).toBe(201);
      test.clock.advanceSeconds(86_400);
      await admin.client.login(admin);
      expect((await admin.client.post(issuePath(person.id))).status).toBe(201);
    });

    it('is issued by administrators of the same organization with a fresh proof [L-0.1] [O-3] [V7.5.3]', async () => {
      const { admin, person } = await aPair();
      const stranger = await aSignedInAdmin(test);
      const { client } = await aSignedInUser(test, { organizationId: admin.organizationId });
      expectProblem(await stranger.client.post(issuePath(person.id)), 404, 'NOT_FOUND');
      expectProblem(await admin.client.post(issuePath(UNKNOWN_ID)), 404, 'NOT_FOUND');
      expectProblem(await client.post(issuePath(person.id)), 403, 'FORBIDDEN');
      test.clock.advanceSeconds(601);
      await admin.client.refresh();
      expectProblem(await admin.client.post(issuePath(person.id)), 403, 'STEP_UP_REQUIRED');
      expect((await test.client().login(person)).status).toBe(200);
    });
  });

  describe('the flag', () => {
    it('can be dismissed with or without a reason; the password stays, again is fine', async () => {
      const { admin, person } = await aPair();
      const path = `/admin/password-resets/${person.id}`;
      await askForHelp(person.email);
      expect((await admin.client.delete(path, { reason: 'Called: did not ask' })).status).toBe(204);
      expect(await rowOf(person.id)).toMatchObject({
        passwordResetRequestedAt: null,
        passwordResetRequestIp: null,
      });
      expect((await admin.client.delete(path)).status).toBe(204);
      expect((await test.client().login(person)).body).toMatchObject({ status: 'authenticated' });
      const dismissals = await test.database.client.securityEvent.findMany({
        where: { targetId: person.id, action: 'password.reset_dismissed' },
      });
      expect(dismissals).toMatchObject([{ actorId: admin.id, details: { reason: 'Called: did not ask' } }]);
      await askForHelp(person.email);
      expect((await admin.client.delete(path)).status).toBe(204);
    });

    it('is not for other organizations or ordinary people to dismiss [L-0.1] [O-3]', async () => {
      const { admin, person } = await aPair();
      await askForHelp(person.email);
      const path = `/admin/password-resets/${person.id}`;
      const stranger = await aSignedInAdmin(test);
      const { client } = await aSignedInUser(test, { organizationId: admin.organizationId });
      expectProblem(await stranger.client.delete(path), 404, 'NOT_FOUND');
      expectProblem(await client.delete(path), 403, 'FORBIDDEN');
      expectProblem(await admin.client.delete(path, { reason: 'x'.repeat(501) }), 400, 'VALIDATION_FAILED');
      expect(pageOf(await admin.client.get('/admin/password-resets')).items).toHaveLength(1);
    });
  });
});
