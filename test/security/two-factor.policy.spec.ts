import { generateSync } from 'otplib';
import { aPerson, OTHER_PASSWORD, signIn, type Person } from '../factories/people.js';
import { anEnrolledPerson, openChallenge, prove } from '../factories/second-factors.js';
import { aServiceKey } from '../factories/service-keys.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { expectProblem } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import type { TestClient } from '../support/test-client.js';
import { claimsOf } from '../support/tokens.js';

type Policy = 'none' | 'admins' | 'all';

const eightCodes: unknown = Array.from({ length: 8 }, () => expect.any(String) as unknown);

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

/** A sign-in that waits for the enrolment. */
async function aDemandedEnrolment(test: TestApp) {
  const person = await aPerson(test);
  const client = test.client();
  const response = await client.login(person);
  const { challengeToken } = response.body as { challengeToken: string };
  return { person, client, response, challengeToken };
}

/** Begins a setup with the challenge and returns its first code. */
async function setUp(test: TestApp, client: TestClient, challengeToken: string) {
  const { status, body } = await client.post('/two-factor/setup', undefined, bearer(challengeToken));
  expect(status).toBe(200);
  const { secret } = body as { secret: string };
  return { secret, code: generateSync({ secret, epoch: test.clock.now().getTime() / 1000 }) };
}

const signIns: [Policy, 'ADMIN' | 'USER', string][] = [
  ['none', 'ADMIN', 'authenticated'],
  ['none', 'USER', 'authenticated'],
  ['admins', 'ADMIN', 'two_factor_setup_required'],
  ['admins', 'USER', 'authenticated'],
  ['all', 'ADMIN', 'two_factor_setup_required'],
  ['all', 'USER', 'two_factor_setup_required'],
];

const disabling: [Policy, 'ADMIN' | 'USER', number][] = [
  ['none', 'ADMIN', 204],
  ['admins', 'USER', 204],
  ['admins', 'ADMIN', 403],
  ['all', 'USER', 403],
  ['all', 'ADMIN', 403],
];

/** An application of its own; one at a time, since passport keeps one strategy for the whole process. */
function describeUnder(policy: Policy, more: (test: () => TestApp) => void): void {
  describe(`REQUIRE_TWO_FACTOR=${policy}`, () => {
    let test: TestApp;
    beforeAll(async () => {
      test = await startTestApp({ environment: { ...NO_LIMITS, REQUIRE_TWO_FACTOR: policy } });
    });
    afterAll(() => test.close());

    it.each(signIns.filter(([name]) => name === policy))(
      '%s: a sign-in of the role %s ends with %s',
      async (_policy, role, status) => {
        const response = await test.client().login(await aPerson(test, { role }));
        expect(response.status).toBe(200);
        expect(response.body).toMatchObject({ status });
        expect(response.headers['set-cookie'] === undefined).toBe(status !== 'authenticated');
      },
    );

    it.each(disabling.filter(([name]) => name === policy))(
      '%s: the role %s that disables its factor gets %i',
      async (_policy, role, status) => {
        const person = await anEnrolledUnderPolicy(test, role);
        const response = await person.client.post('/two-factor/disable', { code: person.codeNow() });
        expect(response.status).toBe(status);
        expect((await person.client.get('/two-factor')).body).toMatchObject({ enabled: status === 403 });
        if (status === 204) return;
        // A refusal spends nothing.
        expectProblem(response, 403, 'FORBIDDEN');
        const challengeToken = await openChallenge(test, person);
        expect((await prove(test, { challengeToken, code: person.codeNow() })).status).toBe(200);
      },
    );

    more(() => test);
  });
}

describeUnder('none', () => undefined);

describeUnder('admins', (current) => {
  it('[F-23] signs out whom a promotion brings under it; the next sign-in enrols', async () => {
    const test = current();
    const admin = await anEnrolledUnderPolicy(test, 'ADMIN');
    const { organizationId } = admin;
    const user = await signIn(test, await aPerson(test, { organizationId }));
    const enrolled = await anEnrolledPerson(test, { organizationId });
    for (const { id } of [user, enrolled])
      expect((await admin.client.patch(`/users/${id}`, { role: 'ADMIN' })).status).toBe(200);
    expectProblem(await user.client.get('/users/me'), 401, 'SESSION_ENDED');
    expectProblem(await user.client.refresh(), 401, 'SESSION_ENDED');
    expect((await enrolled.client.get('/users')).status).toBe(200);
    expect(await nextStatus(test, user)).toBe('two_factor_setup_required');
    // Back to where the setting does not look: nothing of the ended session comes back.
    expect((await admin.client.patch(`/users/${user.id}`, { role: 'USER' })).status).toBe(200);
    expectProblem(await user.client.get('/users/me'), 401, 'SESSION_ENDED');
    const ended = { userId: user.id, endReason: 'FACTOR_REQUIRED' as const };
    expect(await test.database.client.session.count({ where: ended })).toBe(1);
  });

  it('[F-23] refuses a session that is older than the setting, at no extra statement', async () => {
    const test = current();
    const user = await signIn(test, await aPerson(test));
    const enrolled = await anEnrolledPerson(test);
    const { client } = user;
    // As if the setting had come with a restart: the account is covered, and its session began without a factor.
    await test.database.client.user.updateMany({
      where: { id: { in: [user.id, enrolled.id] } },
      data: { role: 'ADMIN' },
    });
    expectProblem(await client.get('/users/me'), 401, 'SESSION_ENDED');
    expectProblem(await client.refresh(), 401, 'SESSION_ENDED');
    expect(await test.database.client.session.count({ where: { userId: user.id, refreshCounter: 0 } })).toBe(
      1,
    );
    expect((await enrolled.client.get('/users/me')).status).toBe(200);
    expect((await enrolled.client.refresh()).status).toBe(200);
    const { key } = await aServiceKey(enrolled, ['tokens:introspect']);
    const asked = await test
      .client()
      .post('/internal/tokens/introspect', { token: client.accessToken }, { 'X-Service-Key': key });
    expect(asked.body).toEqual({ active: false });
    expect(await nextStatus(test, user)).toBe('two_factor_setup_required');
  });

  it('asks for the enrolment again after an administrator removed the factor', async () => {
    const test = current();
    const admin = await anEnrolledUnderPolicy(test, 'ADMIN');
    const lost = await anEnrolledUnderPolicy(test, 'ADMIN', admin.organizationId);
    expect((await admin.client.delete(`/users/${lost.id}/two-factor`)).status).toBe(204);
    expect((await lost.client.get('/users/me')).status).toBe(401);
    expect(await nextStatus(test, lost)).toBe('two_factor_setup_required');
  });
});

describeUnder('all', (current) => {
  it('answers with a challenge of 900 s and nothing else', async () => {
    const { response } = await aDemandedEnrolment(current());
    expect(response.body).toEqual({
      status: 'two_factor_setup_required',
      challengeToken: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      expiresInSeconds: 900,
    });
  });

  it('[O-2] opens only setup and enable with the challenge', async () => {
    const { client, challengeToken } = await aDemandedEnrolment(current());
    const headers = bearer(challengeToken);
    const change = { currentPassword: 'x', newPassword: OTHER_PASSWORD };
    const answers = [
      await client.get('/users/me', headers),
      await client.get('/sessions', headers),
      await client.delete('/sessions', undefined, headers),
      await client.get('/two-factor', headers),
      await client.get('/two-factor/devices', headers),
      await client.delete('/two-factor/devices', undefined, headers),
      await client.post('/two-factor/disable', { code: '123456' }, headers),
      await client.post('/two-factor/backup-codes', { code: '123456' }, headers),
      await client.post('/auth/step-up', { code: '123456' }, headers),
      await client.post('/auth/change-password', change, headers),
    ];
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 401));
    const answered = await prove(current(), { challengeToken, code: '123456' });
    expectProblem(answered, 401, 'CHALLENGE_REFUSED');
    const changed = await client.post('/auth/password-change', {
      challengeToken,
      newPassword: OTHER_PASSWORD,
    });
    expectProblem(changed, 401, 'CHALLENGE_REFUSED');
  });

  it('completes the login with enabling: codes, token and cookie, and a session that works', async () => {
    const test = current();
    const { person, client, challengeToken } = await aDemandedEnrolment(test);
    const { code } = await setUp(test, client, challengeToken);
    const enabled = await client.post('/two-factor/enable', { code }, bearer(challengeToken));
    expect(enabled.status).toBe(200);
    expect(enabled.body).toMatchObject({
      backupCodes: eightCodes,
      status: 'authenticated',
      tokenType: 'Bearer',
      expiresInSeconds: 600,
      user: { id: person.id, twoFactorEnabled: true },
    });
    expect(client.cookies.has('refresh')).toBe(true);
    client.accessToken = (enabled.body as { accessToken: string }).accessToken;
    expect(claimsOf(client.accessToken)['amr']).toEqual(['pwd', 'otp', 'mfa']);
    expect((await client.get('/users/me')).status).toBe(200);
    expect((await client.refresh()).status).toBe(200);
    const again = await client.post('/two-factor/enable', { code }, bearer(challengeToken));
    expectProblem(again, 401, 'CHALLENGE_REFUSED');
    expect(await nextStatus(test, person)).toBe('two_factor_required');
  });

  it('gives no cookie and no token for a wrong code, and lets the right one follow', async () => {
    const test = current();
    const { person, client, challengeToken } = await aDemandedEnrolment(test);
    const { code } = await setUp(test, client, challengeToken);
    const wrong = code === '000000' ? '000001' : '000000';
    const refused = await client.post('/two-factor/enable', { code: wrong }, bearer(challengeToken));
    expectProblem(refused, 401, 'TWO_FACTOR_CODE_REFUSED');
    expect(refused.headers['set-cookie']).toBeUndefined();
    expect(await nextStatus(test, person)).toBe('two_factor_setup_required');
    const enabled = await client.post('/two-factor/enable', { code }, bearer(challengeToken));
    expect(enabled.body).toMatchObject({ status: 'authenticated' });
  });

  it('refuses an enrolment after 900 s, and after the account was suspended', async () => {
    const test = current();
    const late = await aDemandedEnrolment(test);
    test.clock.advanceSeconds(900);
    const refused = await late.client.post('/two-factor/setup', undefined, bearer(late.challengeToken));
    expectProblem(refused, 401, 'CHALLENGE_REFUSED');
    const { person, client, challengeToken } = await aDemandedEnrolment(test);
    const { code } = await setUp(test, client, challengeToken);
    await test.database.client.user.update({ where: { id: person.id }, data: { status: 'SUSPENDED' } });
    const enabled = await client.post('/two-factor/enable', { code }, bearer(challengeToken));
    expectProblem(enabled, 401, 'CHALLENGE_REFUSED');
  });

  it('lets a covered person change the device with a new setup', async () => {
    const test = current();
    const person = await anEnrolledUnderPolicy(test, 'USER');
    const setup = await person.client.post('/two-factor/setup', { code: person.codeNow() });
    const { secret } = setup.body as { secret: string };
    const code = generateSync({ secret, epoch: test.clock.now().getTime() / 1000 });
    const enabled = await person.client.post('/two-factor/enable', { code });
    expect(enabled.status).toBe(200);
    expect(enabled.body).toEqual({ backupCodes: eightCodes });
  });

  it('comes after the own password in place of a temporary one', async () => {
    const test = current();
    const admin = await anEnrolledUnderPolicy(test, 'ADMIN');
    const person = await aPerson(test, { organizationId: admin.organizationId, passwordHash: null });
    const issued = await admin.client.post(`/admin/password-resets/${person.id}/temporary-password`);
    const { temporaryPassword: password } = issued.body as { temporaryPassword: string };
    const client = test.client();
    const first = await client.login({ email: person.email, password });
    expect(first.body).toMatchObject({ status: 'password_change_required' });
    const { challengeToken } = first.body as { challengeToken: string };
    const second = await client.post('/auth/password-change', {
      challengeToken,
      newPassword: OTHER_PASSWORD,
    });
    expect(second.body).toMatchObject({ status: 'two_factor_setup_required' });
    expect(second.headers['set-cookie']).toBeUndefined();
    const next = (second.body as { challengeToken: string }).challengeToken;
    const { code } = await setUp(test, client, next);
    const third = await client.post('/two-factor/enable', { code }, bearer(next));
    expect(third.body).toMatchObject({ status: 'authenticated' });
  });
});

/** Somebody enrolled and signed in, by whatever way the policy allows. */
async function anEnrolledUnderPolicy(test: TestApp, role: 'ADMIN' | 'USER', organizationId?: string) {
  const { requireTwoFactor } = test.config;
  const within = organizationId === undefined ? {} : { organizationId };
  if (requireTwoFactor === 'none' || (requireTwoFactor === 'admins' && role === 'USER'))
    return anEnrolledPerson(test, { role, ...within });
  const person = await aPerson(test, { role, ...within });
  const client = test.client();
  const { body } = await client.login(person);
  const { challengeToken } = body as { challengeToken: string };
  const { secret, code } = await setUp(test, client, challengeToken);
  const enabled = await client.post('/two-factor/enable', { code }, bearer(challengeToken));
  const { accessToken, backupCodes } = enabled.body as { accessToken: string; backupCodes: string[] };
  client.accessToken = accessToken;
  test.clock.advanceSeconds(30);
  const codeNow = (steps = 0) =>
    generateSync({ secret, epoch: test.clock.now().getTime() / 1000 + steps * 30 });
  return { ...person, client, secret, backupCodes, codeNow };
}

async function nextStatus(test: TestApp, person: Person): Promise<unknown> {
  return ((await test.client().login(person)).body as { status: unknown }).status;
}
