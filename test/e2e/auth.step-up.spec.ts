import { PasswordHasher } from '../../src/platform/passwords/password-hasher.js';
import { aSignedInAdmin, GOOD_PASSWORD, OTHER_PASSWORD, signIn } from '../factories/people.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { expectProblem } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { claimsOf } from '../support/tokens.js';

describe('step-up', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({ environment: NO_LIMITS });
  });
  afterAll(() => test.close());

  /** Somebody whose sign-in is too old for sensitive acts, with a fresh access token. */
  const aStaleAdmin = async () => {
    const admin = await aSignedInAdmin(test);
    test.clock.advanceSeconds(601);
    await admin.client.refresh();
    return { ...admin, rename: () => admin.client.patch(`/users/${admin.id}`, { name: 'New name' }) };
  };

  it('is needed once the last proof is more than 600 seconds old [V7.5.1] [V7.5.3]', async () => {
    const admin = await aSignedInAdmin(test);
    const rename = () => admin.client.patch(`/users/${admin.id}`, { name: 'New name' });
    test.clock.advanceSeconds(599);
    expect((await rename()).status).toBe(200);
    test.clock.advanceSeconds(2);
    await admin.client.refresh();
    expectProblem(await rename(), 403, 'STEP_UP_REQUIRED');
    expectProblem(await admin.client.delete(`/users/${admin.id}`), 403, 'STEP_UP_REQUIRED');
    expectProblem(
      await admin.client.post(`/admin/password-resets/${admin.id}/temporary-password`),
      403,
      'STEP_UP_REQUIRED',
    );
    expect((await admin.client.get('/users')).status).toBe(200);
  });

  it('with the password gives an access token of the same session with a fresh auth_time', async () => {
    const { client, rename } = await aStaleAdmin();
    const stale = client.accessToken!;
    const response = await client.post('/auth/step-up', { password: GOOD_PASSWORD });
    expect(response.status).toBe(200);
    expect(response.body).toEqual({
      accessToken: expect.any(String),
      tokenType: 'Bearer',
      expiresInSeconds: 600,
    });
    const fresh = response.body.accessToken as string;
    expect(claimsOf(fresh)).toMatchObject({
      sid: claimsOf(stale)['sid'],
      auth_time: Math.floor(test.clock.now().getTime() / 1000),
    });
    // The proof lies in the new token: whoever holds the old one gains nothing.
    expectProblem(await rename(), 403, 'STEP_UP_REQUIRED');
    client.accessToken = fresh;
    expect((await rename()).status).toBe(200);
  });

  it('is remembered by the session, and ages from the proof on', async () => {
    const { client, rename } = await aStaleAdmin();
    await client.post('/auth/step-up', { password: GOOD_PASSWORD });
    await client.refresh();
    expect((await rename()).status).toBe(200);
    test.clock.advanceSeconds(601);
    await client.refresh();
    expectProblem(await rename(), 403, 'STEP_UP_REQUIRED');
  });

  it('refuses a wrong password and leaves the proof as old as it was', async () => {
    const { client, rename } = await aStaleAdmin();
    expectProblem(
      await client.post('/auth/step-up', { password: 'Salah-kuda7' }),
      401,
      'INVALID_CREDENTIALS',
    );
    await client.refresh();
    expectProblem(await rename(), 403, 'STEP_UP_REQUIRED');
  });

  const eventsOn = (targetId: string, action: string) =>
    test.database.client.securityEvent.findMany({ where: { targetId, action }, orderBy: { id: 'asc' } });

  it('[F-24] ends the session after ten wrong proofs of the account in an hour, over sessions and routes', async () => {
    const person = await aSignedInAdmin(test);
    const other = await signIn(test, person);
    const wrong = [
      () => person.client.post('/auth/step-up', { password: 'Salah-kuda7' }),
      () =>
        other.client.post('/auth/change-password', {
          currentPassword: 'Salah-kuda7',
          newPassword: OTHER_PASSWORD,
        }),
    ];
    // A right one, a malformed one and one that fails for another reason do not count.
    expect((await person.client.post('/auth/step-up', { password: GOOD_PASSWORD })).status).toBe(200);
    expectProblem(await person.client.post('/auth/step-up', {}), 400, 'VALIDATION_FAILED');
    const weak = { currentPassword: GOOD_PASSWORD, newPassword: 'abc' };
    expectProblem(await person.client.post('/auth/change-password', weak), 400, 'PASSWORD_REFUSED');
    for (let attempt = 0; attempt < 10; attempt += 1)
      expectProblem(await wrong[attempt % 2]!(), 401, 'INVALID_CREDENTIALS');
    // The tenth was given in the other session.
    expectProblem(await other.client.get('/users/me'), 401, 'SESSION_ENDED');
    expectProblem(await other.client.refresh(), 401, 'SESSION_ENDED');
    expect((await person.client.get('/users/me')).status).toBe(200);
    expect((await person.client.post('/auth/step-up', { password: GOOD_PASSWORD })).status).toBe(200);
    const alerts = { kind: 'proofs_exhausted', organizationId: person.organizationId };
    expect(await test.database.client.alert.count({ where: alerts })).toBe(1);
    expectProblem(await wrong[0]!(), 401, 'INVALID_CREDENTIALS');
    expectProblem(await person.client.get('/users/me'), 401, 'SESSION_ENDED');

    const refused = await eventsOn(person.id, 'proof.refused');
    expect(refused.map(({ details }) => (details as { failures: number }).failures)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
    ]);
    expect(refused[0]).toMatchObject({
      actorId: person.id,
      ipAddress: person.client.address,
      details: { proof: 'pwd', sessionId: claimsOf(person.client.accessToken!)['sid'] },
    });
    expect(await eventsOn(person.id, 'session.proofs_exhausted')).toHaveLength(2);
    const notices = await test.database.client.notice.findMany({ where: { userId: person.id } });
    expect(notices.filter(({ kind }) => kind === 'proofs_refused')).toHaveLength(1);

    // The owner signs in as before, and a right proof in the new session holds.
    const owner = await signIn(test, person);
    expect((await owner.client.post('/auth/step-up', { password: GOOD_PASSWORD })).status).toBe(200);
    // One more wrong one ends that session as well.
    expectProblem(
      await owner.client.post('/auth/step-up', { password: 'Salah-kuda7' }),
      401,
      'INVALID_CREDENTIALS',
    );
    expectProblem(await owner.client.get('/users/me'), 401, 'SESSION_ENDED');
    test.clock.advanceSeconds(3600);
    const later = await signIn(test, person);
    expectProblem(
      await later.client.post('/auth/step-up', { password: 'Salah-kuda7' }),
      401,
      'INVALID_CREDENTIALS',
    );
    expect((await later.client.get('/users/me')).status).toBe(200);
  });

  it('[F-24] compares no more than ten of 40 parallel guesses', async () => {
    const { client, id } = await aSignedInAdmin(test);
    const verify = jest.spyOn(test.app.get(PasswordHasher), 'verify');
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => client.post('/auth/step-up', { password: 'Salah-kuda7' })),
    );
    expect(verify.mock.calls.length).toBeLessThanOrEqual(10);
    verify.mockRestore();
    for (const { status } of answers) expect([401, 429]).toContain(status);
    expectProblem(await client.get('/users/me'), 401, 'SESSION_ENDED');
    expect(await eventsOn(id, 'proof.refused')).toHaveLength(10);
  });

  it('needs a signed-in person and exactly its own field', async () => {
    expectProblem(await test.client().post('/auth/step-up', { password: 'x' }), 401, 'UNAUTHENTICATED');
    const { client } = await aStaleAdmin();
    expectProblem(await client.post('/auth/step-up', {}), 400, 'VALIDATION_FAILED');
    expectProblem(await client.post('/auth/step-up', { password: 'x', more: 1 }), 400, 'VALIDATION_FAILED');
  });
});
