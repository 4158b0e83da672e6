import { Database } from '../../src/platform/database/database.js';
import { PasswordHasher } from '../../src/platform/passwords/password-hasher.js';
import {
  aPerson,
  aSignedInAdmin,
  issueTemporaryPassword,
  OTHER_PASSWORD,
  signIn,
  type Person,
} from '../factories/people.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { expectProblem, withoutRequestId } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('the lockout', () => {
  let test: TestApp;
  let person: Person;
  beforeAll(async () => {
    test = await startTestApp({ environment: NO_LIMITS });
  });
  beforeEach(async () => {
    person = await aPerson(test);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => test.close());

  const right = (client = test.client()) => client.login(person);
  const fail = async (times: number, email = person.email) => {
    for (let index = 0; index < times; index += 1)
      expectProblem(
        await test.client().login({ email, password: 'Wrong-1-wrong' }),
        401,
        'INVALID_CREDENTIALS',
      );
  };
  const reasons = () =>
    test.database.client.loginAttempt
      .findMany({ where: { email: person.email }, orderBy: { id: 'asc' } })
      .then((rows) => rows.map(({ success, failureReason }) => failureReason ?? success));

  it('refuses the right password after ten failures, with the answer of a wrong one [L-S6.3] [V6.3.1]', async () => {
    await fail(9);
    expect((await right()).status).toBe(200);
    await fail(1);
    const locked = await right();
    expectProblem(locked, 401, 'INVALID_CREDENTIALS');
    const wrong = await test.client().login({ email: 'nobody@example.com', password: 'x' });
    expect(withoutRequestId(locked)).toEqual(withoutRequestId(wrong));
    expect((await reasons()).at(-1)).toBe('account_locked');
    const events = await test.database.client.securityEvent.findMany({
      where: { targetId: person.id, action: 'user.locked' },
    });
    expect(events).toHaveLength(1);
  });

  it('ends after 30 minutes to the second, and tries meanwhile neither count nor extend it', async () => {
    await fail(10);
    test.clock.advanceSeconds(1799);
    await fail(30);
    expect((await right()).status).toBe(401);
    test.clock.advanceSeconds(1);
    expect((await right()).status).toBe(200);
    await fail(9);
    expect((await right()).status).toBe(200);
  });

  it('counts within any hour, not by the clock', async () => {
    await fail(5);
    test.clock.advanceSeconds(1800);
    await fail(4);
    test.clock.advanceSeconds(1799);
    await fail(1);
    expect((await right()).status).toBe(401);
    const other = await aPerson(test);
    await fail(9, other.email);
    test.clock.advanceSeconds(3600);
    await fail(9, other.email);
    expect((await test.client().login(other)).status).toBe(200);
  });

  it('holds for an address that no account has, at the same cost [V6.3.8]', async () => {
    const unknown = `ghost${person.id}@example.com`;
    await fail(10);
    await fail(10, unknown);
    const statements = jest.spyOn(test.app.get(Database), 'run');
    const verify = jest.spyOn(test.app.get(PasswordHasher), 'verify');
    await fail(1);
    const known = [statements.mock.calls.length, verify.mock.calls.map(([hash]) => hash)];
    statements.mockClear();
    verify.mockClear();
    await fail(1, unknown);
    expect([statements.mock.calls.length, verify.mock.calls.map(([hash]) => hash)]).toEqual(known);
    expect(known[1]).toEqual([null]);
    const rows = await test.database.client.loginLockout.findMany({ where: { email: unknown } });
    expect(rows).toMatchObject([{ lockedUntil: expect.any(Date) }]);
  });

  it('cannot be walked round by writing the address another way', async () => {
    const [name, domain] = person.email.split('@') as [string, string];
    for (const email of [person.email.toUpperCase(), ` ${person.email} `, `${name}@${domain.toUpperCase()}`])
      await fail(4, email);
    expect((await right()).status).toBe(401);
    for (const email of [`${name}\u200b@${domain}`, person.email.replace('e', '\u0435')])
      expectProblem(await test.client().login({ email, password: 'x' }), 400, 'VALIDATION_FAILED');
  });

  it('lets at most ten of a hundred guesses at once reach the hash, and counts exactly ten', async () => {
    const verify = jest.spyOn(test.app.get(PasswordHasher), 'verify');
    const guesses = Array.from({ length: 100 }, (_, index) =>
      test.client().login({ email: person.email, password: `Guess-${index}-guess` }),
    );
    const answers = await Promise.all(guesses);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    expect(verify.mock.calls.filter(([hash]) => hash !== null)).toHaveLength(10);
    const [row] = await test.database.client.loginLockout.findMany({ where: { email: person.email } });
    expect(row!.failures).toHaveLength(10);
    expect((await reasons()).filter((reason) => reason === 'invalid_password')).toHaveLength(10);
    expect(await reasons()).toHaveLength(100);
    expect((await test.client().get('/health/live')).status).toBe(200);
  });

  it('does not count a right password, however many are under way at once', async () => {
    const answers = await Promise.all(Array.from({ length: 9 }, () => right()));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(
      await test.database.client.loginLockout.findMany({ where: { email: person.email } }),
    ).toMatchObject([{ failures: [], lockedUntil: null }]);
    await fail(9);
    expect((await right()).status).toBe(200);
  });

  it('does not refuse a right password because of right ones under way: twenty devices at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => right()));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect((await reasons()).every((reason) => reason === true)).toBe(true);
  });

  it('is forgiven by a right password what its own browser got wrong, and nothing that strangers did [F-42]', async () => {
    const own = test.client();
    for (let index = 0; index < 4; index += 1) {
      await own.login({ email: person.email, password: 'Wrong-1-wrong' });
      test.clock.advanceSeconds(index % 2);
    }
    await fail(5);
    expect((await right(own)).status).toBe(200);
    const [row] = await test.database.client.loginLockout.findMany({
      where: { email: person.email, lane: '' },
    });
    expect(row!.failures).toHaveLength(5);
    await fail(4);
    expect((await right()).status).toBe(200);
    await fail(1);
    expect((await right()).status).toBe(401);
    // A known browser has a lane of its own, which is its own doing alone.
    for (let index = 0; index < 9; index += 1) await own.login({ email: person.email, password: 'wrong' });
    expect((await right(own)).status).toBe(200);
    for (let index = 0; index < 9; index += 1) await own.login({ email: person.email, password: 'wrong' });
    expect((await right(own)).status).toBe(200);
  });

  it('leaves live sessions alone', async () => {
    const { client } = await signIn(test, person);
    await fail(10);
    expect((await client.get('/users/me')).status).toBe(200);
    expect((await client.refresh()).status).toBe(200);
  });

  describe('ends by an administrator', () => {
    it('who unlocks the account, leaving a trace', async () => {
      const admin = await aSignedInAdmin(test, { organizationId: person.organizationId });
      await fail(10);
      expect((await admin.client.post(`/users/${person.id}/unlock`)).status).toBe(204);
      expect((await admin.client.post(`/users/${person.id}/unlock`)).status).toBe(204);
      expect((await right()).status).toBe(200);
      const events = await test.database.client.securityEvent.count({
        where: { targetId: person.id, action: 'user.unlocked' },
      });
      expect(events).toBe(1);
      const stranger = await aSignedInAdmin(test);
      expectProblem(await stranger.client.post(`/users/${person.id}/unlock`), 404, 'NOT_FOUND');
      const { client } = await signIn(test, person);
      expectProblem(await client.post(`/users/${person.id}/unlock`), 403, 'FORBIDDEN');
    });

    it('who issues a temporary password', async () => {
      const admin = await aSignedInAdmin(test, { organizationId: person.organizationId });
      await fail(10);
      const password = await issueTemporaryPassword(admin, person.id);
      const answer = await test.client().login({ email: person.email, password });
      expect(answer.body).toMatchObject({ status: 'password_change_required' });
    });

    it('who sets a password', async () => {
      const admin = await aSignedInAdmin(test, { organizationId: person.organizationId });
      await fail(10);
      await admin.client.patch(`/users/${person.id}`, { password: OTHER_PASSWORD });
      const answer = await test.client().login({ email: person.email, password: OTHER_PASSWORD });
      expect(answer.body).toMatchObject({ status: 'password_change_required' });
    });
  });

  it('leaves a failure that counts when the process dies between booking and answer', async () => {
    jest.spyOn(test.app.get(PasswordHasher), 'verify').mockRejectedValueOnce(new Error('killed'));
    expect((await right()).status).toBe(500);
    expect(await reasons()).toEqual(['invalid_password']);
    await fail(9);
    expect((await right()).status).toBe(401);
  });

  describe('has a lane for each known device', () => {
    it('so that strangers cannot keep the owner out [V6.3.1]', async () => {
      const { client } = await signIn(test, person);
      await fail(10);
      expect((await right()).status).toBe(401);
      expect((await right(client)).status).toBe(200);
    });

    it('with a count of its own', async () => {
      const { client } = await signIn(test, person);
      for (let index = 0; index < 10; index += 1)
        await client.login({ email: person.email, password: 'wrong' });
      expect((await right(client)).status).toBe(401);
      expect((await right()).status).toBe(200);
      test.clock.advanceSeconds(1800);
      expect((await right(client)).status).toBe(200);
    });

    it('not for the cookie of another person, a forged or an old one', async () => {
      const other = await signIn(test, await aPerson(test));
      const { client } = await signIn(test, person);
      await fail(10);
      const own = client.cookies.get('device')!;
      const forged = `${own.slice(0, -2)}${own.endsWith('AA') ? 'BB' : 'AA'}`;
      for (const cookie of [other.client.cookies.get('device')!, forged, '', 'x', own.slice(1)]) {
        const thief = test.client();
        thief.cookies.set('device', cookie);
        expect((await right(thief)).status).toBe(401);
      }
      test.clock.advanceSeconds(365 * 86_400 + 1);
      await fail(10);
      const late = test.client();
      late.cookies.set('device', own);
      expect((await right(late)).status).toBe(401);
    });

    it('[F-31] until the password changes: a copied cookie opens no lane any more, the owner has a new one', async () => {
      const signedIn = await signIn(test, person);
      const copy = signedIn.client.cookies.get('device')!;
      const holding = (cookie: string) => {
        const client = test.client();
        client.cookies.set('device', cookie);
        return client;
      };
      test.clock.advanceSeconds(1);
      const change = { currentPassword: person.password, newPassword: OTHER_PASSWORD };
      expect((await signedIn.client.post('/auth/change-password', change)).status).toBe(204);
      await fail(10);
      const login = (cookie: string) =>
        holding(cookie).login({ email: person.email, password: OTHER_PASSWORD });
      expect((await login(copy)).status).toBe(401);
      const fresh = signedIn.client.cookies.get('device')!;
      expect(fresh).not.toBe(copy);
      expect((await login(fresh)).status).toBe(200);

      // What an administrator gives out ends it too.
      test.clock.advanceSeconds(1);
      const admin = await aSignedInAdmin(test, { organizationId: person.organizationId });
      await admin.client.patch(`/users/${person.id}`, { password: person.password });
      await fail(10);
      expect((await right(holding(fresh))).status).toBe(401);
      expect((await right(holding(fresh))).status).toBe(401);
    });

    it('for each of five people who share a browser', async () => {
      const shared = test.client();
      const people = [person];
      for (let index = 0; index < 5; index += 1) people.push(await aPerson(test));
      for (const each of people) await shared.login(each);
      expect(shared.cookies.get('device')!.split('.')).toHaveLength(5);
      for (const each of people) await fail(10, each.email);
      const statuses: number[] = [];
      for (const each of people.toReversed()) statuses.push((await shared.login(each)).status);
      expect(statuses).toEqual([200, 200, 200, 200, 200, 401]);
    });

    it('which is opened by a complete sign-in alone', async () => {
      const admin = await aSignedInAdmin(test, { organizationId: person.organizationId });
      const password = await issueTemporaryPassword(admin, person.id);
      const client = test.client();
      const { body } = await client.login({ email: person.email, password });
      expect(client.cookies.has('device')).toBe(false);
      const { challengeToken } = body as { challengeToken: string };
      await client.post('/auth/password-change', { challengeToken, newPassword: OTHER_PASSWORD });
      expect(client.cookies.has('device')).toBe(true);
    });
  });
});

describe('the limit of five sign-ins a minute per email', () => {
  it('cannot be used up by strangers for a browser that the owner used before', async () => {
    const test = await startTestApp({ environment: { RATE_LIMIT_GLOBAL: '1000/60' } });
    try {
      const person = await aPerson(test);
      const { client } = await signIn(test, person);
      for (let index = 0; index < 6; index += 1)
        await test.client().login({ email: person.email, password: 'wrong' });
      expectProblem(await test.client().login(person), 429, 'RATE_LIMITED');
      expect((await client.login(person)).status).toBe(200);
    } finally {
      await test.close();
    }
  });
});

describe('LOCKOUT', () => {
  it('sets failures, window and length', async () => {
    const test = await startTestApp({ environment: { ...NO_LIMITS, LOCKOUT: '2/10/5' } });
    try {
      const person = await aPerson(test);
      const wrong = { email: person.email, password: 'wrong' };
      await test.client().login(wrong);
      test.clock.advanceSeconds(10);
      await test.client().login(wrong);
      expect((await test.client().login(person)).status).toBe(200);
      await test.client().login(wrong);
      expect((await test.client().login(person)).status).toBe(401);
      test.clock.advanceSeconds(5);
      expect((await test.client().login(person)).status).toBe(200);
    } finally {
      await test.close();
    }
  });
});
