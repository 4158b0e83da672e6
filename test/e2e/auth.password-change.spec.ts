import { PasswordHasher } from '../../src/platform/passwords/password-hasher.js';
import {
  aForcedChange,
  aPerson,
  aSignedInAdmin,
  GOOD_PASSWORD,
  issueTemporaryPassword,
  OTHER_PASSWORD,
} from '../factories/people.js';
import { expectProblem, faultsOf } from '../support/problems.js';
import { MEMORY_COUNTERS } from '../support/test-config.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('the forced password change', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({ environment: MEMORY_COUNTERS });
  });
  afterAll(() => test.close());

  const change = (challengeToken: string, newPassword = OTHER_PASSWORD) =>
    test.client().post('/auth/password-change', { challengeToken, newPassword });

  it('is all that a temporary password opens: a challenge, no session and no cookie [T-5.2b]', async () => {
    const { response, person } = await aForcedChange(test);
    expect(response.status).toBe(200);
    expect(response.body).toEqual({
      status: 'password_change_required',
      challengeToken: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      expiresInSeconds: 900,
    });
    expect(response.headers['set-cookie']).toBeUndefined();
    expect(await test.database.client.session.count({ where: { userId: person.id } })).toBe(0);
  });

  it('tries five passwords a minute that would cost a hash; what the rules refuse costs none [F-25]', async () => {
    const { client: admin, organizationId } = await aSignedInAdmin(test);
    const { id, email } = await aPerson(test, { organizationId });
    await admin.patch(`/users/${id}`, { password: OTHER_PASSWORD });
    const { body } = await test.client().login({ email, password: OTHER_PASSWORD });
    const { challengeToken } = body as { challengeToken: string };
    const verify = jest.spyOn(test.app.get(PasswordHasher), 'verify');
    for (let index = 0; index < 20; index += 1)
      expect(faultsOf(await change(challengeToken, 'password'))[0]).toMatch(/^newPassword:/);
    expect(verify).not.toHaveBeenCalled();
    for (let index = 0; index < 5; index += 1)
      expectProblem(await change(challengeToken, OTHER_PASSWORD), 400, 'PASSWORD_REFUSED');
    for (let index = 0; index < 20; index += 1)
      expectProblem(await change(challengeToken, OTHER_PASSWORD), 429, 'RATE_LIMITED');
    expect(verify).toHaveBeenCalledTimes(5);
    verify.mockRestore();
    test.clock.advanceSeconds(60);
    expect((await change(challengeToken, GOOD_PASSWORD)).status).toBe(200);
  });

  it('is all that its challenge token opens', async () => {
    const { challengeToken } = await aForcedChange(test);
    const bearer = { Authorization: `Bearer ${challengeToken}` };
    expectProblem(await test.client().get('/users/me', bearer), 401, 'UNAUTHENTICATED');
    expectProblem(
      await test.client().post('/auth/change-password', { currentPassword: 'x', newPassword: 'y' }, bearer),
      401,
      'UNAUTHENTICATED',
    );
    const client = test.client();
    client.cookies.set('refresh', challengeToken);
    expectProblem(await client.refresh(), 401, 'UNAUTHENTICATED');
  });

  it('completes the login with a password of the person’s own', async () => {
    const { client, person, challengeToken, temporaryPassword } = await aForcedChange(test);
    const response = await client.post('/auth/password-change', {
      challengeToken,
      newPassword: OTHER_PASSWORD,
    });
    expect(response.status).toBe(200);
    expect(response.body).toMatchObject({
      status: 'authenticated',
      user: { id: person.id, mustChangePassword: false, hasPassword: true },
    });
    expect(client.cookies.has('refresh')).toBe(true);
    expect((await client.refresh()).status).toBe(200);
    expect((await client.get('/users/me')).status).toBe(200);
    for (const password of [temporaryPassword, GOOD_PASSWORD])
      expectProblem(await test.client().login({ email: person.email, password }), 401, 'INVALID_CREDENTIALS');
    const again = await test.client().login({ email: person.email, password: OTHER_PASSWORD });
    expect(again.body).toMatchObject({ status: 'authenticated' });
  });

  it('spends nothing on a refused password: the person may try another [L-S6.1]', async () => {
    const { challengeToken, temporaryPassword } = await aForcedChange(test);
    expectProblem(await change(challengeToken, 'password'), 400, 'PASSWORD_REFUSED');
    // A temporary password lacks a symbol; with one it still is not a new choice.
    expectProblem(await change(challengeToken, temporaryPassword), 400, 'PASSWORD_REFUSED');
    expect((await change(challengeToken)).status).toBe(200);
  });

  it('does not accept the password that an administrator set', async () => {
    const person = await aPerson(test, { mustChangePassword: true });
    const { body } = await test.client().login(person);
    expect(body).toMatchObject({ status: 'password_change_required', expiresInSeconds: 900 });
    const refusal = await change(body.challengeToken as string, GOOD_PASSWORD);
    expectProblem(refusal, 400, 'PASSWORD_REFUSED');
    expect(faultsOf(refusal)).toEqual(['newPassword:same_as_current']);
    expect((await change(body.challengeToken as string)).status).toBe(200);
  });

  it('accepts a challenge once, also from several browsers at once', async () => {
    const { challengeToken, person } = await aForcedChange(test);
    const passwords = ['Satu', 'Dua', 'Tiga', 'Empat'].map((word) => `${word}-${OTHER_PASSWORD}`);
    const answers = await Promise.all(passwords.map((password) => change(challengeToken, password)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401, 401, 401]);
    for (const refused of answers.filter(({ status }) => status === 401))
      expectProblem(refused, 401, 'CHALLENGE_REFUSED');
    expect(await test.database.client.session.count({ where: { userId: person.id } })).toBe(1);
    expectProblem(await change(challengeToken), 401, 'CHALLENGE_REFUSED');
  });

  it('waits for 900 seconds and no longer', async () => {
    const early = await aForcedChange(test);
    test.clock.advanceSeconds(899);
    expect((await change(early.challengeToken)).status).toBe(200);
    const late = await aForcedChange(test);
    test.clock.advanceSeconds(900);
    expectProblem(await change(late.challengeToken), 401, 'CHALLENGE_REFUSED');
  });

  it('ends with the credentials it was made for: a newer temporary password kills it', async () => {
    const { admin, person, challengeToken } = await aForcedChange(test);
    await issueTemporaryPassword(admin, person.id);
    expectProblem(await change(challengeToken), 401, 'CHALLENGE_REFUSED');
  });

  it('ends with the suspension of the account', async () => {
    const { admin, person, challengeToken } = await aForcedChange(test);
    await admin.client.patch(`/users/${person.id}`, { status: 'SUSPENDED' });
    expectProblem(await change(challengeToken), 401, 'CHALLENGE_REFUSED');
  });

  it('refuses tokens that were never issued, all alike', async () => {
    for (const token of ['x', 'A'.repeat(43), 'A'.repeat(512)])
      expectProblem(await change(token), 401, 'CHALLENGE_REFUSED');
    expectProblem(await change('not base64url!'), 400, 'VALIDATION_FAILED');
    expectProblem(await test.client().post('/auth/password-change', {}), 400, 'VALIDATION_FAILED');
  });
});
