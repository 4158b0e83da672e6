import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Response } from 'supertest';
import { Database } from '../../src/platform/database/database.js';
import { aPerson, aSignedInUser } from '../factories/people.js';
import { expectProblem } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const METRICS_TOKEN = 'b7f3c1d94e6a8025';
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function expectSecurityHeaders({ headers }: Response): void {
  expect(headers).toMatchObject({
    'content-security-policy': "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'strict-origin-when-cross-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=()',
    'x-permitted-cross-domain-policies': 'none',
    'cache-control': 'no-store',
    'x-request-id': expect.stringMatching(UUID_V7),
  });
  expect(headers).not.toHaveProperty('x-powered-by');
  expect(headers).not.toHaveProperty('server');
}

/** Writes bytes on a connection of its own and returns everything that comes back. */
function sendRaw({ hostname, port }: URL, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.on('data', (part) => parts.push(part));
    socket.on('end', () => resolve(Buffer.concat(parts).toString()));
    socket.on('error', reject);
  });
}

describe('answers', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({
      environment: {
        CORS_ORIGINS: 'https://app.example.com,https://admin.example.com',
        API_PREFIX: '/api/v1/',
        COOKIE_SECURE: 'true',
      },
    });
  });
  afterAll(() => test.close());

  const json = { 'Content-Type': 'application/json' };

  it('of every kind carry the security headers and a request id [O-8] [L-S2] [V3.4.3] [V3.4.4] [V3.4.6]', async () => {
    const client = test.client();
    const login = '/api/v1/auth/login';
    const kinds: Record<number, Response[]> = {
      200: [await client.get('/health/live')],
      204: [
        await client.post('/api/v1/auth/logout'),
        await client.send('options', '/api/v1/users', undefined, {
          Origin: 'https://app.example.com',
          'Access-Control-Request-Method': 'GET',
        }),
      ],
      400: [
        await client.post(login, {}),
        await client.post(login, '{', json),
        await client.post(login, '{"__proto__":{}}', json),
        await client.get('/%zz'),
      ],
      401: [await client.get('/api/v1/users')],
      403: [await client.post('/api/v1/auth/refresh')],
      404: [await client.get('/nowhere'), await client.send('delete', login)],
      413: [await client.post(login, JSON.stringify({ email: 'x'.repeat(102_400) }), json)],
      415: [await client.post(login, 'a=1', { 'Content-Type': 'application/x-www-form-urlencoded' })],
    };
    for (const [status, responses] of Object.entries(kinds)) {
      for (const response of responses) {
        expect({ path: response.request.url, status: response.status }).toMatchObject({
          status: Number(status),
        });
        expectSecurityHeaders(response);
        expect(response.headers).not.toHaveProperty('strict-transport-security');
      }
    }
  });

  it('of unexpected failures tell nothing but the request id, which the log has too [O-7] [V16.5.1]', async () => {
    const person = await aPerson(test);
    jest
      .spyOn(test.app.get(Database), 'run')
      .mockRejectedValueOnce(new Error('secret detail at /srv/app.ts'));
    const client = test.client();
    const response = await client.post('/api/v1/auth/login', {
      email: person.email,
      password: person.password,
    });
    expectProblem(response, 500, 'INTERNAL');
    expectSecurityHeaders(response);
    expect(response.text).not.toMatch(/secret detail|srv|Error|stack/);
    const line = test.logLines.find((entry) => entry.includes('secret detail'));
    expect(line).toContain(response.headers['x-request-id']);
  });

  it('name their own request: what a client sends as request id is not taken over', async () => {
    const forged = '01890a5d-ac96-774b-bcce-b302099a8057';
    const response = await test.client().get('/health/live', { 'X-Request-Id': forged });
    expect(response.headers['x-request-id']).not.toBe(forged);
  });

  const host = 'Host: x\r\n';
  it.each([
    ['nonsense', '400 Bad Request', 'NONSENSE\r\n\r\n'],
    ['no Host [F-34]', '400 Bad Request', 'GET /health/live HTTP/1.1\r\n\r\n'],
    ['a second Host [F-39]', '400 Bad Request', `GET /health/live HTTP/1.1\r\n${host}Host: y\r\n\r\n`],
    ['HTTP/0.9 [F-39]', '400 Bad Request', 'GET /health/live\r\n\r\n'],
    ['HTTP/2.0 in words', '400 Bad Request', `GET /health/live HTTP/2.0\r\n${host}\r\n`],
    [
      'two Authorization [F-32]',
      '400 Bad Request',
      `GET /users HTTP/1.1\r\n${host}Authorization: Bearer a\r\nauthorization: Bearer b\r\n\r\n`,
    ],
    [
      'two lengths',
      '400 Bad Request',
      `POST /auth/login HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`,
    ],
    [
      'a length and chunks',
      '400 Bad Request',
      `POST /x HTTP/1.1\r\n${host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
    ],
    [
      'a broken chunk',
      '400 Bad Request',
      `POST /api/v1/auth/login HTTP/1.1\r\n${host}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    ],
    ['CONNECT [F-34]', '400 Bad Request', `CONNECT example.com:443 HTTP/1.1\r\n${host}\r\n`],
    [
      'an expectation [F-34]',
      '417 Expectation Failed',
      `GET /health/live HTTP/1.1\r\n${host}Expect: a miracle\r\n\r\n`,
    ],
    [
      'long headers',
      '431 Request Header Fields Too Large',
      `GET / HTTP/1.1\r\n${host}X: ${'x'.repeat(17_000)}\r\n\r\n`,
    ],
  ])(
    'to what is not HTTP as one should speak it are problem documents as well: %s [O-7] [O-8]',
    async (_what, statusLine, bytes) => {
      const answer = await sendRaw(new URL(test.url), bytes);
      const [head, body] = answer.split('\r\n\r\n') as [string, string];
      expect(head.split('\r\n')[0]).toBe(`HTTP/1.1 ${statusLine}`);
      expect(head).toMatch(/\r\nContent-Type: application\/problem\+json; charset=utf-8\r\n/i);
      expect(head).toMatch(/\r\nConnection: close(\r\n|$)/i);
      expect(JSON.parse(body)).toMatchObject({
        status: Number.parseInt(statusLine, 10),
        code: expect.stringMatching(/^(BAD_REQUEST|EXPECTATION_FAILED|HEADERS_TOO_LARGE|MALFORMED_BODY)$/),
        requestId: /\r\nX-Request-Id: (\S+)/i.exec(head)?.[1],
      });
      for (const header of [
        'Content-Security-Policy',
        'X-Content-Type-Options',
        'X-Frame-Options',
        'Referrer-Policy',
        'Permissions-Policy',
        'X-Permitted-Cross-Domain-Policies',
        'Cache-Control',
      ])
        expect(head.toLowerCase()).toContain(`\r\n${header.toLowerCase()}: `);
    },
  );

  it('ask for a body only when somebody is going to read it [F-34]', async () => {
    const expecting = (path: string, rest = '') =>
      `POST ${path} HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: 2\r\n` +
      `Expect: 100-continue\r\n${rest}\r\n`;
    const unread = await sendRaw(
      new URL(test.url),
      expecting('/api/v1/auth/login').replace('application/json', 'text/plain'),
    );
    expect(unread).toMatch(/^HTTP\/1\.1 415 /);
    const read = await sendRaw(
      new URL(test.url),
      `${expecting('/api/v1/auth/login', 'Connection: close\r\n')}{}`,
    );
    expect(read).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 400 /);
  });

  describe('to other origins', () => {
    const ask = (origin: string) => test.client().get('/health/live', { Origin: origin });
    const preflight = (origin: string) =>
      test.client().send('options', '/api/v1/users', undefined, {
        Origin: origin,
        'Access-Control-Request-Method': 'PATCH',
        'Access-Control-Request-Headers': 'authorization,content-type,x-requested-with',
      });

    it('are readable for the listed ones, with credentials [A-8] [V3.4.2]', async () => {
      for (const origin of ['https://app.example.com', 'https://admin.example.com']) {
        expect((await ask(origin)).headers).toMatchObject({
          'access-control-allow-origin': origin,
          'access-control-allow-credentials': 'true',
          vary: expect.stringContaining('Origin'),
        });
        expect((await preflight(origin)).headers).toMatchObject({
          'access-control-allow-origin': origin,
          'access-control-allow-methods': 'GET, HEAD, POST, PATCH, DELETE',
          'access-control-allow-headers': 'Authorization, Content-Type, X-Requested-With',
        });
      }
    });

    it('are readable for nobody else, however similar [A-8] [V3.4.2]', async () => {
      for (const origin of [
        'https://evil.example',
        'null',
        'http://app.example.com',
        'https://app.example.com:8443',
        'https://app.example.com.evil.example',
        'https://xapp.example.com',
        'https://sub.app.example.com',
        'https://APP.example.com',
      ])
        for (const response of [await ask(origin), await preflight(origin)]) {
          expect(response.headers).not.toHaveProperty('access-control-allow-origin');
          expect(response.headers['vary']).toContain('Origin');
        }
    });

    it('are refused their errors, too', async () => {
      const allowed = await test.client().get('/api/v1/users', { Origin: 'https://app.example.com' });
      expect(allowed.headers['access-control-allow-origin']).toBe('https://app.example.com');
      const refused = await test.client().get('/api/v1/users', { Origin: 'https://evil.example' });
      expect(refused.headers).not.toHaveProperty('access-control-allow-origin');
    });
  });

  describe('below API_PREFIX', () => {
    it('are found there and nowhere else, but for health and keys', async () => {
      expectProblem(await test.client().get('/api/v1/users/me'), 401, 'UNAUTHENTICATED');
      expectProblem(await test.client().get('/users/me'), 404, 'NOT_FOUND');
      for (const path of ['/health/live', '/health/ready', '/.well-known/jwks.json']) {
        expect((await test.client().get(path)).status).toBe(200);
        expectProblem(await test.client().get(`/api/v1${path}`), 404, 'NOT_FOUND');
      }
    });
  });

  describe('with COOKIE_SECURE', () => {
    it('set and clear the cookie under the __Host- prefix, Secure [L-S10] [V3.3.1] [V3.3.3]', async () => {
      const person = await aPerson(test);
      const client = test.client();
      const set = await client.post('/api/v1/auth/login', { email: person.email, password: person.password });
      expect(set.headers['set-cookie']).toEqual([
        expect.stringMatching(
          /^__Host-refresh=[A-Za-z0-9_-]{70}; Max-Age=86400; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
        ),
        expect.stringMatching(
          /^__Host-device=[A-Za-z0-9_-]{72}; Max-Age=31536000; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
        ),
      ]);
      const rotated = await client.post('/api/v1/auth/refresh', undefined, { 'X-Requested-With': 'x' });
      expect(rotated.status).toBe(200);
      const cleared = await client.post('/api/v1/auth/logout', undefined, { 'X-Requested-With': 'x' });
      expect(cleared.headers['set-cookie']).toEqual([
        '__Host-refresh=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Strict',
      ]);
    });

    it('do not listen to the unprefixed name, which a neighbour could set', async () => {
      const person = await aPerson(test);
      const client = test.client();
      await client.post('/api/v1/auth/login', { email: person.email, password: person.password });
      client.cookies.set('refresh', client.cookies.get('__Host-refresh')!);
      client.cookies.delete('__Host-refresh');
      const response = await client.post('/api/v1/auth/refresh', undefined, { 'X-Requested-With': 'x' });
      expectProblem(response, 401, 'UNAUTHENTICATED');
    });
  });
});

describe('with FORCE_HTTPS', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({
      environment: {
        FORCE_HTTPS: 'true',
        PUBLIC_URL: 'https://benteng.example.com',
        INTERNAL_NETWORKS: '10.0.0.0/8,fd00::/8',
        METRICS_TOKEN,
      },
    });
  });
  afterAll(() => test.close());

  const https = { 'X-Forwarded-Proto': 'https' };

  it('plain GET and HEAD are led to PUBLIC_URL, whatever host they came for [O-4]', async () => {
    const redirects: Record<string, string> = {
      '/users/me?x=1': 'https://benteng.example.com/users/me?x=1',
      '//evil.example/x': 'https://benteng.example.com/evil.example/x',
      '/\\evil.example': 'https://benteng.example.com/evil.example',
      '/nowhere': 'https://benteng.example.com/nowhere',
    };
    for (const [path, target] of Object.entries(redirects)) {
      const response = await test.client().send('get', path, undefined, { Host: 'evil.example' });
      expect([response.status, response.headers['location']]).toEqual([308, target]);
      expectSecurityHeaders(response);
    }
    const head = await test.client().send('head', '/users/me');
    expect([head.status, head.headers['location']]).toEqual([308, 'https://benteng.example.com/users/me']);
  });

  it('anything else over plain HTTP is refused unread [O-4]', async () => {
    const { client, email } = await signInOverHttps();
    for (const response of [
      await test.client().post('/auth/forgot-password', { email }),
      await client.post('/auth/logout'),
      await client.patch('/users/me', { name: 'X' }),
      await client.delete('/sessions'),
      await test.client().post('/auth/login', '{', { 'Content-Type': 'application/json' }),
    ]) {
      expectProblem(response, 403, 'HTTPS_REQUIRED');
      expectSecurityHeaders(response);
    }
    const { body } = await client.get('/users/me', https);
    expect(body).toMatchObject({ passwordResetRequested: false });
  });

  it('over HTTPS everything works, with strict transport security for two years [O-4] [V3.4.1]', async () => {
    const { client } = await signInOverHttps();
    for (const response of [await client.get('/users/me', https), await client.get('/nowhere', https)])
      expect(response.headers['strict-transport-security']).toBe(
        'max-age=63072000; includeSubDomains; preload',
      );
    expect((await client.get('/users/me', https)).status).toBe(200);
  });

  it('health and metrics answer in plain HTTP: the HEALTHCHECK of the image and a scrape, as written [F-5]', async () => {
    const { port } = new URL(test.url);
    const dockerfile = readFileSync(join(__dirname, '../../Dockerfile'), 'utf8');
    const [, line] = /^HEALTHCHECK [^\n]*\\\n\s*CMD (\[.*\])$/m.exec(dockerfile)!;
    const [command, ...words] = JSON.parse(line!) as [string, ...string[]];
    const probe = spawn(command, words, { env: { PATH: process.env['PATH'], PORT: port } });
    expect(await once(probe, 'exit')).toEqual([0, null]);
    const scrape = { Authorization: `Bearer ${METRICS_TOKEN}` };
    for (const address of ['10.1.2.3', '203.0.113.5']) {
      const client = test.client();
      client.address = address;
      for (const path of ['/health/live', '/health/ready', '/metrics'])
        expect([path, (await client.get(path, scrape)).status]).toEqual([path, 200]);
    }
  });

  it('keys and internal routes answer in plain HTTP from loopback and INTERNAL_NETWORKS alone [F-5]', async () => {
    const ask = async (address: string | undefined) => {
      const client = test.client();
      const from = { 'X-Forwarded-For': address };
      return Promise.all([
        client.get('/.well-known/jwks.json', from),
        client.post('/internal/tokens/introspect', { token: 'x' }, from),
        client.get('/users/me', from),
      ]).then((answers) => answers.map(({ status }) => status));
    };
    for (const inside of [undefined, '127.0.0.1', '10.1.2.3', '10.1.2.3:5555', 'fd00::7'])
      expect([inside, await ask(inside)]).toEqual([inside, [200, 401, 308]]);
    for (const outside of ['203.0.113.5', '11.0.0.1', '2001:db8::1', 'unknown', '10.1.2.3, 203.0.113.5'])
      expect([outside, await ask(outside)]).toEqual([outside, [308, 403, 308]]);
  });

  async function signInOverHttps() {
    const person = await aPerson(test);
    const client = test.client();
    const credentials = { email: person.email, password: person.password };
    const { body } = await client.post('/auth/login', credentials, https);
    client.accessToken = body.accessToken as string;
    return { ...person, client };
  }
});

describe('without a trusted proxy', () => {
  it('forwarding headers count for nothing: neither scheme nor address', async () => {
    const plain = await startTestApp({
      environment: { TRUST_PROXY: 'none', FORCE_HTTPS: 'true', PUBLIC_URL: 'https://benteng.example.com' },
    });
    const response = await plain.client().post('/auth/logout', undefined, { 'X-Forwarded-Proto': 'https' });
    expectProblem(response, 403, 'HTTPS_REQUIRED');
    // Nor does a proxy that nobody trusts make its clients insiders.
    const keys = await plain.client().get('/.well-known/jwks.json', { 'X-Forwarded-For': '203.0.113.5' });
    expect(keys.status).toBe(308);
    await plain.close();

    const open = await startTestApp({ environment: { TRUST_PROXY: 'none' } });
    const { client } = await aSignedInUser(open);
    expect((await client.get('/sessions')).body).toMatchObject({ items: [{ ipAddress: '127.0.0.1' }] });
    await open.close();
  });
});
