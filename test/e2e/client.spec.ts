import { BentengClient, BentengProblem, type Locks } from '../../clients/typescript/src/client.js';
import { aPerson, GOOD_PASSWORD, type Person } from '../factories/people.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** `fetch` with the cookies of a browser, counting what is sent. */
function browser() {
  const cookies = new Map<string, string>();
  const calls: string[] = [];
  const send: typeof fetch = async (input, init) => {
    calls.push(`${init?.method} ${new URL(String(input)).pathname}`);
    const headers = new Headers(init?.headers);
    if (cookies.size > 0) headers.set('Cookie', [...cookies].map((pair) => pair.join('=')).join('; '));
    headers.set('X-Forwarded-For', '10.9.8.7');
    const response = await fetch(input, { ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      cookies.set(name!, value!);
    }
    return response;
  };
  return { send, calls, cookies };
}

describe('the TypeScript client', () => {
  let test: TestApp;
  let admin: Person;
  beforeAll(async () => {
    test = await startTestApp({ environment: NO_LIMITS });
  });
  beforeEach(async () => {
    admin = await aPerson(test, { role: 'ADMIN' });
  });
  afterAll(() => test.close());

  const open = async (locks?: Locks) => {
    const { send, calls, cookies } = browser();
    const signedOut = jest.fn();
    const client = new BentengClient({ baseUrl: test.url, fetch: send, locks, onSignedOut: signedOut });
    const result = await client.login({ email: admin.email, password: GOOD_PASSWORD });
    expect(result.status).toBe('authenticated');
    calls.length = 0;
    return { client, calls, cookies, signedOut };
  };

  it('signs in, calls routes with their types, and tells problems by their code [D-5]', async () => {
    const { client } = await open();
    const { email, organization } = await client.call('get', '/users/me');
    expect([email, organization.name]).toEqual([admin.email, 'Toko Sejahtera']);
    const { items } = await client.call('get', '/users', { query: { limit: 1 } });
    expect(items[0]!.id).toBe(admin.id);
    const user = await client.call('post', '/users', { body: { email: 'new@example.com', name: 'N' } });
    expect(await client.call('delete', '/users/{id}', { path: { id: user.id } })).toBeUndefined();
    await expect(client.call('get', '/users/{id}', { path: { id: user.id } })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      status: 404,
    });
    await expect(client.call('get', '/users', { query: { limit: 1000 } })).rejects.toBeInstanceOf(
      BentengProblem,
    );
  });

  it('renews an expired token once for many callers at the same moment, and repeats their calls', async () => {
    const { client, calls, signedOut } = await open();
    test.clock.advanceSeconds(601);
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.call('get', '/users/me')));
    expect(answers.map(({ id }) => id)).toEqual(Array(20).fill(admin.id));
    expect(calls.filter((call) => call === 'POST /auth/refresh')).toHaveLength(1);
    expect(signedOut).not.toHaveBeenCalled();
  });

  it('lets tabs of one browser take turns', async () => {
    let turn = Promise.resolve();
    let inside = 0;
    const locks: Locks = {
      request: (_name: string, work: () => Promise<unknown>) => {
        const result = turn.then(async () => {
          inside += 1;
          expect(inside).toBe(1);
          const value = await work();
          inside -= 1;
          return value;
        });
        turn = result.then(() => undefined);
        return result;
      },
    };
    const { send, calls } = browser();
    const tabs = Array.from(
      { length: 3 },
      () => new BentengClient({ baseUrl: test.url, fetch: send, locks }),
    );
    await tabs[0]!.login({ email: admin.email, password: GOOD_PASSWORD });
    const alive = await Promise.all(tabs.map((tab) => tab.refresh()));
    expect(alive).toEqual([true, true, true]);
    expect(calls.filter((call) => call === 'POST /auth/refresh')).toHaveLength(3);
    for (const tab of tabs) expect((await tab.call('get', '/users/me')).id).toBe(admin.id);
  });

  it('says once that the session is over', async () => {
    const { client, signedOut } = await open();
    test.clock.advanceSeconds(86_401);
    const answers = await Promise.allSettled(
      Array.from({ length: 5 }, () => client.call('get', '/users/me')),
    );
    expect(answers.every(({ status }) => status === 'rejected')).toBe(true);
    expect(signedOut).toHaveBeenCalledTimes(1);
    expect(client.hasToken).toBe(false);
  });

  it('says so too when somebody else ended the session before the token expired, and again for the next one', async () => {
    const { client, signedOut, calls } = await open();
    const other = new BentengClient({ baseUrl: test.url, fetch: browser().send });
    for (const turn of [1, 2]) {
      await other.login({ email: admin.email, password: GOOD_PASSWORD });
      await other.call('delete', '/sessions', { query: { keep: 'current' } });
      calls.length = 0;
      const answers = await Promise.allSettled(
        Array.from({ length: 5 }, () => client.call('get', '/users/me')),
      );
      for (const answer of answers) expect(answer).toMatchObject({ reason: { code: 'SESSION_ENDED' } });
      // A refresh could not help, so none is sent.
      expect(calls).toEqual(Array(5).fill('GET /users/me'));
      expect([signedOut.mock.calls.length, client.hasToken]).toEqual([turn, false]);
      await expect(client.call('get', '/users/me')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
      expect(signedOut).toHaveBeenCalledTimes(turn);
      await client.login({ email: admin.email, password: GOOD_PASSWORD });
    }
  });

  it('proves oneself again, and signs out', async () => {
    const { client } = await open();
    test.clock.advanceSeconds(601);
    await client.call('get', '/users/me');
    await expect(client.call('get', '/service-keys')).rejects.toMatchObject({ code: 'STEP_UP_REQUIRED' });
    await client.stepUp({ password: GOOD_PASSWORD });
    expect((await client.call('get', '/service-keys')).items).toEqual([]);
    await client.logout();
    expect(client.hasToken).toBe(false);
    expect(await client.refresh()).toBe(false);
  });
});
