import { aSignedInAdmin, GOOD_PASSWORD } from '../factories/people.js';
import { expectProblem } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { claimsOf } from '../support/tokens.js';

describe('step-up', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp();
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

  it('limits guesses per person', async () => {
    const { client } = await aStaleAdmin();
    for (let attempt = 0; attempt < 5; attempt += 1)
      expectProblem(
        await client.post('/auth/step-up', { password: 'Salah-kuda7' }),
        401,
        'INVALID_CREDENTIALS',
      );
    const refused = await client.post('/auth/step-up', { password: GOOD_PASSWORD });
    expectProblem(refused, 429, 'RATE_LIMITED');
    expect(refused.headers['retry-after']).toBe('60');
  });

  it('needs a signed-in person and exactly its own field', async () => {
    expectProblem(await test.client().post('/auth/step-up', { password: 'x' }), 401, 'UNAUTHENTICATED');
    const { client } = await aStaleAdmin();
    expectProblem(await client.post('/auth/step-up', {}), 400, 'VALIDATION_FAILED');
    expectProblem(await client.post('/auth/step-up', { password: 'x', more: 1 }), 400, 'VALIDATION_FAILED');
  });
});
