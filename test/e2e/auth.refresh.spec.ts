import { aSignedInUser, type SignedIn } from '../factories/people.js';
import { expectProblem } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { claimsOf } from '../support/tokens.js';

const cookieOf = ({ client }: SignedIn): string => client.cookies.get('refresh')!;

describe('refresh', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({ environment: { CORS_ORIGINS: 'https://app.example.com' } });
  });
  afterAll(() => test.close());

  /** Refreshes from a fresh browser that holds nothing but this cookie. */
  const refreshWith = async (cookie: string, headers: Record<string, string | undefined> = {}) => {
    const client = test.client();
    client.cookies.set('refresh', cookie);
    const response = await client.post('/auth/refresh', undefined, {
      'X-Requested-With': 'test',
      ...headers,
    });
    return { response, cookie: client.cookies.get('refresh') };
  };
  const sessionOf = ({ client }: SignedIn) =>
    test.database.client.session.findUniqueOrThrow({
      where: { id: claimsOf(client.accessToken!)['sid'] as string },
    });

  it('answers with a new access token of the same session and rotates the cookie [O-2] [V7.2.4]', async () => {
    const person = await aSignedInUser(test);
    const before = { cookie: cookieOf(person), claims: claimsOf(person.client.accessToken!) };
    test.clock.advanceSeconds(60);
    const response = await person.client.refresh();
    expect(response.status).toBe(200);
    expect(response.body).toEqual({
      accessToken: expect.any(String),
      tokenType: 'Bearer',
      expiresInSeconds: 600,
    });
    expect(cookieOf(person)).not.toBe(before.cookie);
    const { iat, exp, jti, ...rest } = claimsOf(person.client.accessToken!);
    expect(before.claims).toMatchObject(rest);
    expect([iat, exp]).toEqual([Number(before.claims['iat']) + 60, Number(before.claims['exp']) + 60]);
    expect(jti).not.toBe(before.claims['jti']);
    expect((await person.client.get('/users/me')).status).toBe(200);
  });

  it('needs the header X-Requested-With and spends nothing without it [L-0.2]', async () => {
    const person = await aSignedInUser(test);
    const { response } = await refreshWith(cookieOf(person), { 'X-Requested-With': undefined });
    expectProblem(response, 403, 'CSRF_REFUSED');
    expect(response.headers['set-cookie']).toBeUndefined();
    expect(await sessionOf(person)).toMatchObject({ refreshCounter: 0 });
  });

  it('refuses what a browser calls foreign and passes our own and listed origins [L-0.2] [V3.5.1]', async () => {
    const foreign: Record<string, string>[] = [
      { Origin: 'https://evil.example' },
      { Origin: 'null' },
      { Origin: 'https://app.example.com.evil.example' },
      { Origin: 'http://app.example.com' },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://app.example.com' },
    ];
    const person = await aSignedInUser(test);
    for (const headers of foreign)
      expectProblem((await refreshWith(cookieOf(person), headers)).response, 403, 'CSRF_REFUSED');
    for (const headers of [
      { Origin: 'https://app.example.com', 'Sec-Fetch-Site': 'same-site' },
      { Origin: 'http://localhost:3000' },
      { 'Sec-Fetch-Site': 'same-origin' },
    ])
      expect((await refreshWith(cookieOf(person), headers)).response.status).toBe(200);
  });

  it('refuses a missing or made-up cookie, and clears the latter', async () => {
    expectProblem(await test.client().refresh(), 401, 'UNAUTHENTICATED');
    const genuine = cookieOf(await aSignedInUser(test));
    for (const cookie of ['x', 'A'.repeat(70), `${genuine.slice(0, -2)}AA`, `B${genuine.slice(1)}`]) {
      const answer = await refreshWith(cookie);
      expectProblem(answer.response, 401, 'UNAUTHENTICATED');
      expect(answer.cookie).toBeUndefined();
    }
  });

  it('gives everybody who holds the just-spent token the same successor for 10 seconds', async () => {
    const person = await aSignedInUser(test);
    const spent = cookieOf(person);
    const first = await refreshWith(spent);
    test.clock.advanceSeconds(10);
    const second = await refreshWith(spent);
    expect([first.response.status, second.response.status]).toEqual([200, 200]);
    expect(second.cookie).toBe(first.cookie);
    expect((await refreshWith(first.cookie!)).response.status).toBe(200);
  });

  it('moves the counter once when twenty tabs refresh at once', async () => {
    const person = await aSignedInUser(test);
    const answers = await Promise.all(Array.from({ length: 20 }, () => refreshWith(cookieOf(person))));
    expect(new Set(answers.map(({ response }) => response.status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ cookie }) => cookie)).size).toBe(1);
    expect(await sessionOf(person)).toMatchObject({ refreshCounter: 1, endedAt: null });
  });

  it('ends the session for everybody when a spent token comes back later, and leaves a trace [V10.4.5]', async () => {
    const person = await aSignedInUser(test);
    const stolen = cookieOf(person);
    await person.client.refresh();
    test.clock.advanceSeconds(11);
    const thief = await refreshWith(stolen);
    expectProblem(thief.response, 401, 'SESSION_ENDED');
    expect(thief.cookie).toBeUndefined();
    expectProblem(await person.client.get('/users/me'), 401, 'SESSION_ENDED');
    expectProblem(await person.client.refresh(), 401, 'SESSION_ENDED');
    expect(await sessionOf(person)).toMatchObject({ endReason: 'REFRESH_TOKEN_REUSE' });
    const traces = await test.database.client.securityEvent.findMany({
      where: { targetId: person.id, action: 'session.refresh_token_reused' },
    });
    expect(traces).toHaveLength(1);
    expect(traces[0]).toMatchObject({ details: { spentCounter: 0, currentCounter: 1 } });
  });

  it('takes any older token for theft, however fresh the last rotation is', async () => {
    const person = await aSignedInUser(test);
    const oldest = cookieOf(person);
    await person.client.refresh();
    test.clock.advanceSeconds(60);
    await person.client.refresh();
    expectProblem((await refreshWith(oldest)).response, 401, 'SESSION_ENDED');
    expectProblem(await person.client.refresh(), 401, 'SESSION_ENDED');
  });

  it('leaves the other sessions of the same person alone when one is stolen', async () => {
    const person = await aSignedInUser(test);
    const other = test.client();
    await other.login(person);
    const stolen = cookieOf(person);
    await person.client.refresh();
    test.clock.advanceSeconds(11);
    await refreshWith(stolen);
    expect((await other.refresh()).status).toBe(200);
  });

  it('does not make the proof of identity any fresher', async () => {
    const person = await aSignedInUser(test, { role: 'ADMIN' });
    const authTime = claimsOf(person.client.accessToken!)['auth_time'];
    test.clock.advanceSeconds(601);
    await person.client.refresh();
    expect(claimsOf(person.client.accessToken!)['auth_time']).toBe(authTime);
    expectProblem(await person.client.patch(`/users/${person.id}`, { name: 'X' }), 403, 'STEP_UP_REQUIRED');
  });

  it('refuses a suspended person', async () => {
    const person = await aSignedInUser(test);
    await test.database.client.user.update({ where: { id: person.id }, data: { status: 'SUSPENDED' } });
    expectProblem(await person.client.refresh(), 401, 'SESSION_ENDED');
  });

  it('carries the role that the database has now', async () => {
    const person = await aSignedInUser(test);
    await test.database.client.user.update({ where: { id: person.id }, data: { role: 'ADMIN' } });
    await person.client.refresh();
    expect(claimsOf(person.client.accessToken!)['role']).toBe('ADMIN');
  });

  it('keeps nothing in the database that could be replayed', async () => {
    const person = await aSignedInUser(test);
    const row = JSON.stringify(await sessionOf(person));
    expect(row).not.toContain(cookieOf(person));
    expect(row).not.toContain(cookieOf(person).slice(-43));
  });
});
