import { Database } from '../../src/platform/database/database.js';
import { TwoFactorService } from '../../src/two-factor/two-factor.service.js';
import { generateSync } from 'otplib';
import { aPerson, aSignedInAdmin, OTHER_PASSWORD, type Person } from '../factories/people.js';
import {
  anEnrolledPerson,
  challenged,
  enrol,
  factorOf,
  openChallenge,
  prove,
  sessionsOf,
  wrongCode,
  type EnrolledPerson,
} from '../factories/second-factors.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { expectProblem } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('challenges of the second factor', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({ environment: NO_LIMITS });
  });
  afterAll(() => test.close());

  const issueTemporaryPassword = async (adminClient: { post: TestClientPost }, person: Person) => {
    const { body } = await adminClient.post(`/admin/password-resets/${person.id}/temporary-password`);
    return (body as { temporaryPassword: string }).temporaryPassword;
  };
  type TestClientPost = Awaited<ReturnType<typeof aSignedInAdmin>>['client']['post'];

  /** Expects the challenge to be dead and the code unspent, uncounted. */
  const expectDead = async (person: EnrolledPerson, challengeToken: string) => {
    const before = await factorOf(test, person);
    const sessions = await sessionsOf(test, person);
    for (const proof of [{ code: person.codeNow() }, { backupCode: person.backupCodes[0] }]) {
      const response = await prove(test, { challengeToken, ...proof });
      expectProblem(response, 401, 'CHALLENGE_REFUSED');
      expect(response.headers['set-cookie']).toBeUndefined();
    }
    expect(await factorOf(test, person)).toEqual(before);
    const used = { userId: person.id, consumedAt: { not: null } };
    expect(await test.database.client.backupCode.count({ where: used })).toBe(0);
    expect(await sessionsOf(test, person)).toBe(sessions);
  };

  it('come after the password, with no cookie and no token before the factor holds [L-S7.3]', async () => {
    const person = await anEnrolledPerson(test);
    const sessions = await sessionsOf(test, person);
    const client = test.client();
    const response = await client.login(person);
    expect(response.body).toEqual({
      status: 'two_factor_required',
      challengeToken: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      expiresInSeconds: 300,
      methods: ['totp', 'backup_code'],
    });
    expect(response.headers['set-cookie']).toBeUndefined();
    expect(await sessionsOf(test, person)).toBe(sessions);
    const { challengeToken } = response.body as { challengeToken: string };
    const refused = await prove(test, { challengeToken, code: wrongCode(person) }, client);
    expect(refused.headers['set-cookie']).toBeUndefined();
    expect(JSON.stringify(refused.body)).not.toContain('accessToken');
    const proved = await prove(test, { challengeToken, code: person.codeNow() }, client);
    expect(proved.body).toMatchObject({ status: 'authenticated', accessToken: expect.any(String) });
    expect(client.cookies.has('refresh')).toBe(true);
    expect(client.cookies.has('remember')).toBe(false);
  });

  it('are stored as a hash', async () => {
    const person = await anEnrolledPerson(test);
    const { challengeToken } = await challenged(test, person);
    const [{ row } = { row: '' }] = await test.database.client.$queryRaw<{ row: string }[]>`
      SELECT to_jsonb(c)::text AS row FROM benteng.challenges c WHERE user_id = ${person.id}::uuid`;
    expect(row).not.toContain(challengeToken);
    expect(row).not.toContain(Buffer.from(challengeToken, 'base64url').toString('hex'));
  });

  it('open nothing else: not as a bearer, not as a forced change, not as a refresh cookie', async () => {
    const person = await anEnrolledPerson(test);
    const { client, challengeToken } = await challenged(test, person);
    const headers = { Authorization: `Bearer ${challengeToken}` };
    expect((await client.get('/users/me', headers)).status).toBe(401);
    expectProblem(await client.post('/two-factor/setup', undefined, headers), 401, 'CHALLENGE_REFUSED');
    expectProblem(
      await client.post('/two-factor/enable', { code: '123456' }, headers),
      401,
      'CHALLENGE_REFUSED',
    );
    const change = await client.post('/auth/password-change', {
      challengeToken,
      newPassword: OTHER_PASSWORD,
    });
    expectProblem(change, 401, 'CHALLENGE_REFUSED');
    client.cookies.set('refresh', challengeToken);
    expect((await client.refresh()).status).toBe(401);
    expect((await prove(test, { challengeToken, code: person.codeNow() })).status).toBe(200);
  });

  it('of a forced change do not open the second step', async () => {
    const admin = await aSignedInAdmin(test);
    const person = await aPerson(test, { organizationId: admin.organizationId });
    const password = await issueTemporaryPassword(admin.client, person);
    const login = await test.client().login({ email: person.email, password });
    const { challengeToken } = login.body as { challengeToken: string };
    expectProblem(await prove(test, { challengeToken, code: '123456' }), 401, 'CHALLENGE_REFUSED');
  });

  it('work once', async () => {
    const person = await anEnrolledPerson(test);
    const challengeToken = await openChallenge(test, person);
    expect((await prove(test, { challengeToken, code: person.codeNow() })).status).toBe(200);
    test.clock.advanceSeconds(30);
    await expectDead(person, challengeToken);
  });

  it('last 300 s', async () => {
    const person = await anEnrolledPerson(test);
    const inTime = await openChallenge(test, person);
    test.clock.advanceSeconds(299);
    expect((await prove(test, { challengeToken: inTime, code: person.codeNow() })).status).toBe(200);
    const late = await openChallenge(test, person);
    test.clock.advanceSeconds(300);
    await expectDead(person, late);
  });

  it('are of one user: the code of another does not answer them', async () => {
    const person = await anEnrolledPerson(test);
    const other = await anEnrolledPerson(test, { organizationId: person.organizationId });
    const challengeToken = await openChallenge(test, person);
    for (const proof of [{ code: other.codeNow() }, { backupCode: other.backupCodes[0] }])
      expectProblem(await prove(test, { challengeToken, ...proof }), 401, 'TWO_FACTOR_CODE_REFUSED');
    const own = await openChallenge(test, other);
    expect((await prove(test, { challengeToken: own, code: other.codeNow() })).status).toBe(200);
  });

  it('end with a change of the password', async () => {
    const person = await anEnrolledPerson(test);
    const challengeToken = await openChallenge(test, person);
    const change = { currentPassword: person.password, newPassword: OTHER_PASSWORD };
    expect((await person.client.post('/auth/change-password', change)).status).toBe(204);
    await expectDead(person, challengeToken);
  });

  it('end with a temporary password, with "sign out everywhere", with a new factor, with suspension', async () => {
    const admin = await aSignedInAdmin(test);
    const endings: ((person: Awaited<ReturnType<typeof anEnrolledPerson>>) => Promise<unknown>)[] = [
      (person) => issueTemporaryPassword(admin.client, person),
      (person) => person.client.delete('/sessions?keep=none'),
      (person) => admin.client.patch(`/users/${person.id}`, { status: 'SUSPENDED' }),
    ];
    for (const end of endings) {
      const person = await anEnrolledPerson(test, { organizationId: admin.organizationId });
      const challengeToken = await openChallenge(test, person);
      await end(person);
      await expectDead(person, challengeToken);
    }
    const person = await anEnrolledPerson(test);
    const challengeToken = await openChallenge(test, person);
    await expectDead(await enrol(test, person, { backupCode: person.backupCodes[0]! }), challengeToken);
  });

  it('end with the removal of the factor', async () => {
    const admin = await aSignedInAdmin(test);
    const person = await anEnrolledPerson(test, { organizationId: admin.organizationId });
    const challengeToken = await openChallenge(test, person);
    expect((await admin.client.delete(`/users/${person.id}/two-factor`)).status).toBe(204);
    expectProblem(await prove(test, { challengeToken, code: person.codeNow() }), 401, 'CHALLENGE_REFUSED');
  });

  it('come before the forced change when the password is temporary', async () => {
    const admin = await aSignedInAdmin(test);
    const person = await anEnrolledPerson(test, { organizationId: admin.organizationId });
    const password = await issueTemporaryPassword(admin.client, person);
    const { client, challengeToken } = await challenged(test, { ...person, password });
    const early = await client.post('/auth/password-change', { challengeToken, newPassword: OTHER_PASSWORD });
    expectProblem(early, 401, 'CHALLENGE_REFUSED');
    const proved = await prove(test, { challengeToken, code: person.codeNow() }, client);
    expect(proved.body).toEqual({
      status: 'password_change_required',
      challengeToken: expect.any(String),
      expiresInSeconds: 900,
    });
    expect(proved.headers['set-cookie']).toBeUndefined();
    const change = {
      challengeToken: (proved.body as { challengeToken: string }).challengeToken,
      newPassword: OTHER_PASSWORD,
    };
    const changed = await client.post('/auth/password-change', change);
    expect(changed.body).toMatchObject({ status: 'authenticated', user: { twoFactorEnabled: true } });
    expect(await sessionsOf(test, person)).toBe(2);
  });

  it('leave no session when the password changes between the check of the code and its spending', async () => {
    const admin = await aSignedInAdmin(test);
    const person = await anEnrolledPerson(test, { organizationId: admin.organizationId });
    const sessions = await sessionsOf(test, person);
    const challengeToken = await openChallenge(test, person);
    const transaction = test.app.get(Database).transaction.bind(test.app.get(Database));
    const spy = jest.spyOn(test.app.get(Database), 'transaction').mockImplementationOnce(async (work) => {
      await issueTemporaryPassword(admin.client, person);
      return transaction(work);
    });
    const response = await prove(test, { challengeToken, code: person.codeNow(), rememberDevice: true });
    spy.mockRestore();
    expect(response.status).toBe(401);
    expect(response.headers['set-cookie']).toBeUndefined();
    expect(await sessionsOf(test, person)).toBe(sessions);
    expect(await test.database.client.rememberedDevice.count({ where: { userId: person.id } })).toBe(0);
  });
});

describe('challenges of a demanded enrolment', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({ environment: { ...NO_LIMITS, REQUIRE_TWO_FACTOR: 'all' } });
  });
  afterAll(() => test.close());

  it('open nothing when the password was replaced while the code was checked', async () => {
    const person = await aPerson(test);
    const client = test.client();
    const { challengeToken } = (await client.login(person)).body as { challengeToken: string };
    const headers = { Authorization: `Bearer ${challengeToken}` };
    const { secret } = (await client.post('/two-factor/setup', undefined, headers)).body as {
      secret: string;
    };
    const code = generateSync({ secret, epoch: test.clock.now().getTime() / 1000 });
    const twoFactor = test.app.get(TwoFactorService);
    const check = twoFactor.checkPending.bind(twoFactor);
    jest.spyOn(twoFactor, 'checkPending').mockImplementationOnce(async (owner, given) => {
      const checked = await check(owner, given);
      // What an administrator's temporary password does to the row.
      await test.database.client.user.update({
        where: { id: person.id },
        data: { mustChangePassword: true, credentialVersion: { increment: 1 } },
      });
      return checked;
    });
    const enabled = await client.post('/two-factor/enable', { code }, headers);
    expectProblem(enabled, 401, 'CHALLENGE_REFUSED');
    const user = await test.database.client.user.findUniqueOrThrow({ where: { id: person.id } });
    expect(user.twoFactorEnabledAt).toBeNull();
  });
});
