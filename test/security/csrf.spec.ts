import { aSignedInUser } from '../factories/people.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { expectProblem, send } from './attack.js';
import { NO_LIMITS } from '../support/no-limits.js';

const OURS = 'https://app.example.com';

let test: TestApp;
beforeAll(async () => {
  test = await startTestApp({ environment: { ...NO_LIMITS, CORS_ORIGINS: OURS } });
});
afterAll(() => test.close());

const FOREIGN: [string, Record<string, string>][] = [
  ['a foreign Origin', { Origin: 'https://evil.example' }],
  ['an opaque Origin', { Origin: 'null' }],
  ['an Origin that only begins like ours', { Origin: `${OURS}.evil.example` }],
  ['our host over plain HTTP', { Origin: 'http://app.example.com' }],
  ['our host on another port', { Origin: `${OURS}:8443` }],
  ['Sec-Fetch-Site: cross-site', { 'Sec-Fetch-Site': 'cross-site' }],
  [
    'our Origin but Sec-Fetch-Site: cross-site',
    { Origin: 'http://localhost:3000', 'Sec-Fetch-Site': 'cross-site' },
  ],
];

async function aBrowser() {
  const { client } = await aSignedInUser(test);
  const cookie = `refresh=${client.cookies.get('refresh')}`;
  const post = (path: string, headers: Record<string, string>) =>
    send(test, { method: 'POST', path, headers: { Cookie: cookie, ...headers } });
  return { client, post };
}

describe('a request that acts on a cookie [L-0.2] [V3.5.1]', () => {
  it.each(FOREIGN)('is refused on refresh and on logout with %s', async (_what, headers) => {
    const { client, post } = await aBrowser();
    for (const path of ['/auth/refresh', '/auth/logout']) {
      const answer = await post(path, { 'X-Requested-With': 'XMLHttpRequest', ...headers });
      expectProblem(answer, 403, 'CSRF_REFUSED', path);
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
    expect((await client.get('/users/me')).status).toBe(200);
    expect((await client.refresh()).status).toBe(200);
  });

  it('is told which of the two it was, and what to set [contract §8]', async () => {
    const { post } = await aBrowser();
    const detailFor = async (headers: Record<string, string>) =>
      (await post('/auth/refresh', { 'X-Requested-With': 'x', ...headers })).json['detail'];
    expect(await detailFor({ Origin: 'https://evil.example' })).toMatch(/Origin.*CORS_ORIGINS/);
    expect(await detailFor({ 'Sec-Fetch-Site': 'cross-site', Origin: OURS })).toMatch(
      /Sec-Fetch-Site.*same site/,
    );
    expect(await detailFor({ 'X-Requested-With': '' })).toMatch(/X-Requested-With/);
  });

  it.each([{}, { 'X-Requested-With': '' }, { Origin: OURS }, { 'Sec-Fetch-Site': 'same-origin' }])(
    'is refused without the header that a form cannot send (%j)',
    async (headers) => {
      const { client, post } = await aBrowser();
      for (const path of ['/auth/refresh', '/auth/logout'])
        expectProblem(await post(path, headers as Record<string, string>), 403, 'CSRF_REFUSED', path);
      expect((await client.get('/users/me')).status).toBe(200);
    },
  );

  it.each(FOREIGN)(
    'cannot even clear the cookie when the browser held it back, with %s',
    async (_what, headers) => {
      const answer = await send(test, { method: 'POST', path: '/auth/logout', headers });
      expectProblem(answer, 403, 'CSRF_REFUSED');
      expect(answer.headers['set-cookie']).toBeUndefined();
    },
  );

  it.each([
    ['our own origin', { Origin: 'http://localhost:3000' }],
    ['a listed origin', { Origin: OURS, 'Sec-Fetch-Site': 'same-site' }],
    ['a program that is no browser', {}],
  ])('passes from %s', async (_what, headers) => {
    const { post } = await aBrowser();
    const answer = await post('/auth/refresh', {
      'X-Requested-With': 'x',
      ...(headers as Record<string, string>),
    });
    expect(answer.status).toBe(200);
    expect(answer.headers['set-cookie']?.[0]).toMatch(/^refresh=.+; Path=\/; HttpOnly; SameSite=Strict$/);
  });

  it('gets no cross-origin permission: neither origin nor preflight of a stranger is answered with one [A-8]', async () => {
    for (const path of ['/auth/refresh', '/auth/login', '/users/me']) {
      for (const Origin of ['https://evil.example', 'null', `${OURS}.evil.example`]) {
        const preflight = {
          Origin,
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'x-requested-with',
        };
        for (const method of ['OPTIONS', 'GET']) {
          const answer = await send(test, { method, path, headers: preflight });
          expect(answer.headers['access-control-allow-origin']).toBeUndefined();
          expect(answer.headers['vary']).toMatch(/Origin/);
        }
      }
      const ours = await send(test, { method: 'GET', path, headers: { Origin: OURS } });
      expect(ours.headers['access-control-allow-origin']).toBe(OURS);
    }
  });
});
