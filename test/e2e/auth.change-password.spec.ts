import { aSignedInUser, GOOD_PASSWORD, OTHER_PASSWORD } from '../factories/people.js';
import { expectProblem, faultsOf } from '../support/problems.js';
import { MEMORY_COUNTERS } from '../support/test-config.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('changing one’s own password', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({ environment: MEMORY_COUNTERS });
  });
  afterAll(() => test.close());

  const rightChange = { currentPassword: GOOD_PASSWORD, newPassword: OTHER_PASSWORD };

  it('replaces the password, keeps this session and ends every other one [V7.4.3]', async () => {
    const person = await aSignedInUser(test);
    const other = test.client();
    await other.login(person);
    const response = await person.client.post('/auth/change-password', rightChange);
    expect(response.status).toBe(204);
    expect((await person.client.get('/users/me')).status).toBe(200);
    expect((await person.client.refresh()).status).toBe(200);
    expectProblem(await other.get('/users/me'), 401, 'SESSION_ENDED');
    expectProblem(await other.refresh(), 401, 'SESSION_ENDED');
    expectProblem(await test.client().login(person), 401, 'INVALID_CREDENTIALS');
    expect((await test.client().login({ email: person.email, password: OTHER_PASSWORD })).status).toBe(200);
  });

  it('[F-35] gives this session a new refresh token: a copy of the old one is theft', async () => {
    const person = await aSignedInUser(test);
    const copy = test.client();
    copy.cookies.set('refresh', person.client.cookies.get('refresh')!);
    expect((await person.client.post('/auth/change-password', rightChange)).status).toBe(204);
    expect(person.client.cookies.get('refresh')).not.toBe(copy.cookies.get('refresh'));
    expect((await person.client.refresh()).status).toBe(200);
    expect((await person.client.refresh()).status).toBe(200);
    // At once, not only after the ten seconds in which a lost answer is forgiven.
    expectProblem(await copy.refresh(), 401, 'SESSION_ENDED');
    expectProblem(await person.client.get('/users/me'), 401, 'SESSION_ENDED');
    const reused = { targetId: person.id, action: 'session.refresh_token_reused' };
    expect(await test.database.client.securityEvent.count({ where: reused })).toBe(1);
  });

  it('[F-35] leaves the session to its owner when the copy was used before', async () => {
    const person = await aSignedInUser(test);
    const thief = test.client();
    thief.cookies.set('refresh', person.client.cookies.get('refresh')!);
    expect((await thief.refresh()).status).toBe(200);
    expect((await person.client.post('/auth/change-password', rightChange)).status).toBe(204);
    expectProblem(await thief.refresh(), 401, 'SESSION_ENDED');
  });

  it('needs the present password: a stolen access token is not enough', async () => {
    const person = await aSignedInUser(test);
    const response = await person.client.post('/auth/change-password', {
      ...rightChange,
      currentPassword: OTHER_PASSWORD,
    });
    expectProblem(response, 401, 'INVALID_CREDENTIALS');
    expect((await test.client().login(person)).status).toBe(200);
    expectProblem(await test.client().post('/auth/change-password', rightChange), 401, 'UNAUTHENTICATED');
  });

  it('applies the rules for new passwords, and wants a different one [L-S6.1]', async () => {
    const { client, email } = await aSignedInUser(test);
    const attempt = (newPassword: string) =>
      client.post('/auth/change-password', { currentPassword: GOOD_PASSWORD, newPassword });
    const weak = await attempt('abc');
    expectProblem(weak, 400, 'PASSWORD_REFUSED');
    expect(faultsOf(weak)).toEqual(expect.arrayContaining(['newPassword:too_short']));
    expect(faultsOf(await attempt(GOOD_PASSWORD))).toEqual(['newPassword:same_as_current']);
    expect(faultsOf(await attempt(`Kuda-7 ${email.split('@')[0]!} lepas`))).toContain(
      'newPassword:contains_email_name',
    );
  });

  it('ends open challenges', async () => {
    const person = await aSignedInUser(test);
    await test.database.client.user.update({ where: { id: person.id }, data: { mustChangePassword: true } });
    const { body } = await test.client().login(person);
    expect((await person.client.post('/auth/change-password', rightChange)).status).toBe(204);
    const late = await test.client().post('/auth/password-change', {
      challengeToken: body.challengeToken as string,
      newPassword: `Lagi ${OTHER_PASSWORD}`,
    });
    expectProblem(late, 401, 'CHALLENGE_REFUSED');
  });

  it('takes down the reset flag', async () => {
    const person = await aSignedInUser(test);
    await test.client().post('/auth/forgot-password', { email: person.email });
    await person.client.post('/auth/change-password', rightChange);
    expect((await person.client.get('/users/me')).body).toMatchObject({
      passwordResetRequested: false,
      passwordResetRequestDate: null,
    });
  });

  it('of two changes at once lets one through', async () => {
    const person = await aSignedInUser(test);
    const passwords = [OTHER_PASSWORD, `Lagi ${OTHER_PASSWORD}`];
    const answers = await Promise.all(
      passwords.map((newPassword) =>
        person.client.post('/auth/change-password', { currentPassword: GOOD_PASSWORD, newPassword }),
      ),
    );
    // The loser finds either the old password gone or its own change overtaken.
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect([401, 409]).toContain(answers.find(({ status }) => status !== 204)!.status);
    const winner = passwords[answers.findIndex(({ status }) => status === 204)]!;
    expect((await test.client().login({ email: person.email, password: winner })).status).toBe(200);
  });

  it('does not let a stolen access token try passwords without end', async () => {
    const person = await aSignedInUser(test);
    const guess = () =>
      person.client.post('/auth/change-password', { ...rightChange, currentPassword: 'Salah-kuda7' });
    for (let attempt = 0; attempt < 9; attempt += 1) expectProblem(await guess(), 401, 'INVALID_CREDENTIALS');
    // [F-24] Wrong ones do not keep the owner's right one out; the tenth ends the session.
    expect((await person.client.post('/auth/step-up', { password: GOOD_PASSWORD })).status).toBe(200);
    expectProblem(await guess(), 401, 'INVALID_CREDENTIALS');
    expectProblem(await guess(), 401, 'SESSION_ENDED');
  });

  it('leaves a trace without the password [A-10]', async () => {
    const person = await aSignedInUser(test);
    await person.client.post('/auth/change-password', rightChange);
    const [event] = await test.database.client.securityEvent.findMany({
      where: { targetId: person.id, action: 'password.changed' },
    });
    expect(event).toMatchObject({ actorId: person.id, ipAddress: person.client.address, details: {} });
    expect(test.logLines.join('')).not.toContain(OTHER_PASSWORD);
  });
});
