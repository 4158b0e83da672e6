import { aSignedInUser } from '../factories/people.js';
import { expectProblem } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('signing out', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp();
  });
  afterAll(() => test.close());

  const withHeader = { 'X-Requested-With': 'test' };

  it('by cookie ends the session at once and clears the cookie; again is fine [O-2] [V7.4.1]', async () => {
    const { client } = await aSignedInUser(test);
    const accessToken = client.accessToken!;
    const refresh = client.cookies.get('refresh')!;
    client.accessToken = undefined;
    const response = await client.post('/auth/logout', undefined, withHeader);
    expect(response.status).toBe(204);
    expect(response.text).toBe('');
    expect(response.headers['set-cookie']).toEqual([
      'refresh=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Strict',
    ]);
    expectProblem(
      await client.get('/users/me', { Authorization: `Bearer ${accessToken}` }),
      401,
      'SESSION_ENDED',
    );
    client.cookies.set('refresh', refresh);
    expectProblem(await client.refresh(), 401, 'SESSION_ENDED');
    client.cookies.set('refresh', refresh);
    expect((await client.post('/auth/logout', undefined, withHeader)).status).toBe(204);
    expect((await client.post('/auth/logout', undefined, withHeader)).status).toBe(204);
  });

  it('by access token alone ends the session; again is fine', async () => {
    const { client } = await aSignedInUser(test);
    const refresh = client.cookies.get('refresh')!;
    client.cookies.clear();
    expect((await client.post('/auth/logout')).status).toBe(204);
    expectProblem(await client.get('/users/me'), 401, 'SESSION_ENDED');
    expect((await client.post('/auth/logout')).status).toBe(204);
    client.cookies.set('refresh', refresh);
    expectProblem(await client.refresh(), 401, 'SESSION_ENDED');
  });

  it('by cookie needs the custom header and our own origin, else the session goes on [L-0.2]', async () => {
    const { client } = await aSignedInUser(test);
    const cookieOnly = { Authorization: undefined };
    for (const headers of [
      cookieOnly,
      { ...cookieOnly, ...withHeader, Origin: 'https://evil.example' },
      { ...cookieOnly, ...withHeader, 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'cross-site' },
    ])
      expectProblem(await client.post('/auth/logout', undefined, headers), 403, 'CSRF_REFUSED');
    expect((await client.get('/users/me')).status).toBe(200);
  });

  it('with a made-up access token ends nothing', async () => {
    const { client } = await aSignedInUser(test);
    const response = await client.post('/auth/logout', undefined, { Authorization: 'Bearer x.y.z' });
    expectProblem(response, 401, 'UNAUTHENTICATED');
    expect((await client.get('/users/me')).status).toBe(200);
  });

  it('with an expired access token goes by the cookie', async () => {
    const { client } = await aSignedInUser(test);
    test.clock.advanceSeconds(601);
    const response = await client.post('/auth/logout', undefined, { 'X-Requested-With': 'test' });
    expect(response.status).toBe(204);
    expect((await client.refresh()).status).toBe(401);
  });

  it('of one browser leaves the others signed in', async () => {
    const person = await aSignedInUser(test);
    const other = test.client();
    await other.login(person);
    await person.client.post('/auth/logout');
    expect((await other.get('/users/me')).status).toBe(200);
  });
});
