import { randomUUID } from 'node:crypto';
import { listRouteDeclarations } from '../../src/platform/access/route-declarations.js';
import { connect } from 'node:net';
import type { Response } from 'supertest';
import { solveChallenge, type Challenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/sha';
import { AlertsService } from '../../src/alerts/alerts.service.js';
import {
  aPerson,
  aSignedInAdmin,
  GOOD_PASSWORD,
  issueTemporaryPassword,
  signIn,
} from '../factories/people.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { expectProblem } from '../support/problems.js';
import { MEMORY_COUNTERS } from '../support/test-config.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import type { TestClient } from '../support/test-client.js';

describe('limits', () => {
  let test: TestApp;
  beforeAll(async () => {
    // The library of the proof of work asks the machine's clock as well.
    const clock = new FakeClock(new Date());
    test = await startTestApp({ clock, environment: { ...MEMORY_COUNTERS, CAPTCHA_DIFFICULTY: '1000' } });
  });
  afterAll(() => test.close());

  let counter = 0;
  const unknownEmail = () => {
    counter += 1;
    return `stranger${counter}@example.com`;
  };
  const login = (client: TestClient, email = unknownEmail()) =>
    client.post('/auth/login', { email, password: 'Salah-kuda7 lepas' });
  const register = (client: TestClient) =>
    client.post('/auth/register', {
      email: unknownEmail(),
      password: GOOD_PASSWORD,
      name: 'Ana',
      organizationName: 'Warung Melati',
    });

  /** Expects `count` requests to pass, the next one to be refused, and another one after the window to pass again. */
  const expectLimit = async (
    send: () => Promise<Response>,
    { count, seconds, passes }: { count: number; seconds: number; passes: number },
  ) => {
    for (let index = 0; index < count; index += 1) expect((await send()).status).toBe(passes);
    const refused = await send();
    expectProblem(refused, 429, 'RATE_LIMITED');
    expect(refused.body).toMatchObject({ retryAfterSeconds: seconds });
    expect(refused.headers['retry-after']).toBe(String(seconds));
    test.clock.advanceSeconds(seconds - 1);
    const stillRefused = await send();
    expectProblem(stillRefused, 429, 'RATE_LIMITED');
    expect(stillRefused.headers['retry-after']).toBe('1');
    test.clock.advanceSeconds(1);
    expect((await send()).status).toBe(passes);
  };

  it('let 5 logins a minute pass per address, whatever the email [T-5.1b] [O-6]', async () => {
    const client = test.client();
    await expectLimit(() => login(client), { count: 5, seconds: 60, passes: 401 });
  });

  it('let 5 logins a minute pass per email, from any number of addresses [L-S4] [O-6]', async () => {
    const email = unknownEmail();
    await expectLimit(() => login(test.client(), email), { count: 5, seconds: 60, passes: 401 });
  });

  it('count an email in its canonical form: case and spaces make no new bucket [L-S4]', async () => {
    const { email, password } = await aPerson(test);
    const spellings = [email, email.toUpperCase(), ` ${email}`, `${email}\t`, email.replace('p', 'P')];
    for (const spelling of spellings) expect((await login(test.client(), spelling)).status).toBe(401);
    // The right password is refused as well: a limit is no oracle.
    expectProblem(await test.client().login({ email, password }), 429, 'RATE_LIMITED');
  });

  it('count no sign-in that succeeds: an office behind one address comes in [F-42]', async () => {
    const { address } = test.client();
    const person = await aPerson(test);
    for (let index = 0; index < 8; index += 1) {
      const colleague = test.client();
      colleague.address = address;
      expect((await colleague.login(index < 6 ? await aPerson(test) : person)).status).toBe(200);
    }
  });

  it('count no request that nobody judged [F-42]', async () => {
    const client = test.client();
    for (let index = 0; index < 5; index += 1) {
      expect((await client.post('/auth/login', { email: index })).status).toBe(400);
      expect((await client.post('/auth/login', '{', { 'Content-Type': 'application/json' })).status).toBe(
        400,
      );
    }
    expect((await login(client)).headers['ratelimit']).toContain('"login_ip";r=4');
  });

  it('forgive a right sign-in the failures of its own, not those of others [F-42]', async () => {
    const client = test.client();
    const person = await aPerson(test);
    const other = unknownEmail();
    for (let index = 0; index < 2; index += 1) expect((await login(client, other)).status).toBe(401);
    for (let index = 0; index < 2; index += 1) expect((await login(client, person.email)).status).toBe(401);
    expect((await client.login(person)).status).toBe(200);
    client.cookies.clear();
    expect((await login(client, other)).headers['ratelimit']).toContain('"login_ip";r=2');
    for (let index = 0; index < 2; index += 1) expect((await login(client, other)).status).toBe(401);
    expectProblem(await login(client, other), 429, 'RATE_LIMITED');
  });

  it('give a known browser tries of its own, which neither strangers nor its neighbours use up [F-42]', async () => {
    const { client, ...person } = await signIn(test, await aPerson(test));
    const neighbour = test.client();
    neighbour.address = client.address;
    for (let index = 0; index < 5; index += 1) expect((await login(neighbour)).status).toBe(401);
    expectProblem(await login(neighbour), 429, 'RATE_LIMITED');
    for (let index = 0; index < 5; index += 1)
      expect((await login(test.client(), person.email)).status).toBe(401);
    expect((await client.login(person)).status).toBe(200);
    for (let index = 0; index < 5; index += 1) expect((await login(client, person.email)).status).toBe(401);
    const refused = await client.login(person);
    expectProblem(refused, 429, 'RATE_LIMITED');
    // Nobody but itself used this lane up: no work opens another.
    expect(refused.body).not.toHaveProperty('captcha');
  });

  it('take a browser for a stranger once the password has changed [F-31]', async () => {
    const person = await aPerson(test);
    const { client: old } = await signIn(test, person);
    const { client } = await signIn(test, person);
    test.clock.advanceSeconds(61);
    const newPassword = 'Perahu_tenang9 batu langit';
    const changed = await client.post('/auth/change-password', {
      currentPassword: person.password,
      newPassword,
    });
    expect(changed.status).toBe(204);
    for (let index = 0; index < 5; index += 1)
      expect((await login(test.client(), person.email)).status).toBe(401);
    expectProblem(await old.login({ ...person, password: newPassword }), 429, 'RATE_LIMITED');
    expect((await client.login({ ...person, password: newPassword })).status).toBe(200);
  });

  describe('that others have used up', () => {
    const solve = async (): Promise<string> => {
      const challenge = (await test.client().get('/auth/captcha')).body as Challenge;
      const solution = await solveChallenge({ challenge, deriveKey });
      return Buffer.from(JSON.stringify({ challenge, solution })).toString('base64');
    };
    const loginWith = async (
      client: TestClient,
      person: { email: string; password: string },
      altcha?: string,
    ) => {
      const { email, password } = person;
      return client.post('/auth/login', { email, password, ...(altcha !== undefined && { altcha }) });
    };
    const useUp = async (email: string) => {
      for (let index = 0; index < 5; index += 1) expect((await login(test.client(), email)).status).toBe(401);
    };

    it('say so, and a proof of work opens five tries a minute [F-42]', async () => {
      const person = await aPerson(test);
      await useUp(person.email);
      const client = test.client();
      const refused = await loginWith(client, person);
      expectProblem(refused, 429, 'RATE_LIMITED');
      expect(refused.body).toMatchObject({ captcha: true, retryAfterSeconds: 60 });
      const wrong = { ...person, password: 'Salah-kuda7 lepas' };
      const altcha = await solve();
      expectProblem(await loginWith(client, wrong, altcha), 401, 'INVALID_CREDENTIALS');
      expectProblem(await loginWith(client, wrong, altcha), 403, 'CAPTCHA_REQUIRED');
      // Others did not work for it.
      expectProblem(await loginWith(test.client(), person), 429, 'RATE_LIMITED');
      for (let index = 0; index < 3; index += 1)
        expectProblem(await loginWith(client, wrong), 401, 'INVALID_CREDENTIALS');
      expectProblem(await loginWith(client, wrong, await solve()), 401, 'INVALID_CREDENTIALS');
      const spent = await loginWith(client, person, await solve());
      expectProblem(spent, 429, 'RATE_LIMITED');
      expect(spent.body).not.toHaveProperty('captcha');
    });

    it('let the right password through with a proof of work, at an address that is used up as well [F-42]', async () => {
      const client = test.client();
      for (let index = 0; index < 5; index += 1) await login(client);
      const person = await aPerson(test);
      expect((await loginWith(client, person)).body).toMatchObject({ status: 429, captcha: true });
      expect((await loginWith(client, person, await solve())).status).toBe(200);
    });

    it('begin anew with a temporary password [F-42]', async () => {
      const admin = await aSignedInAdmin(test);
      const person = await aPerson(test, { organizationId: admin.organizationId });
      await useUp(person.email);
      const password = await issueTemporaryPassword(admin, person.id);
      const answer = await test.client().login({ email: person.email, password });
      expect(answer.body).toMatchObject({ status: 'password_change_required' });
    });
  });

  it('let 3 registrations a minute pass per address [L-S4]', async () => {
    const client = test.client();
    await expectLimit(() => register(client), { count: 3, seconds: 60, passes: 202 });
  });

  it('let 3 requests for help in 300 seconds pass per email, known or not, from anywhere [L-S4] [T-5.2a]', async () => {
    for (const email of [unknownEmail(), (await aPerson(test)).email])
      await expectLimit(() => test.client().post('/auth/forgot-password', { email }), {
        count: 3,
        seconds: 300,
        passes: 202,
      });
  });

  it('tell how much is left, in the header fields of the IETF draft', async () => {
    const response = await login(test.client());
    expect(response.headers['ratelimit-policy']).toContain('"login_ip";q=5;w=60');
    expect(response.headers['ratelimit']).toContain('"login_ip";r=4;t=60');
  });

  it('are not lengthened by the requests they refuse', async () => {
    const client = test.client();
    for (let index = 0; index < 6; index += 1) await login(client);
    for (let second = 0; second < 59; second += 20) {
      expect((await login(client)).status).toBe(429);
      test.clock.advanceSeconds(20);
    }
    expect((await login(client)).status).toBe(401);
  });

  it('hold against requests that come at the same moment', async () => {
    const client = test.client();
    const answers = await Promise.all(Array.from({ length: 12 }, () => login(client)));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(7);
  });

  it('count an IPv6 household as one address: its /64 [L-S4]', async () => {
    const client = test.client();
    for (let index = 0; index < 5; index += 1) {
      client.address = `2001:db8:1:2:${index}::1`;
      expect((await login(client)).status).toBe(401);
    }
    client.address = '2001:db8:1:2:ffff::9';
    expectProblem(await login(client), 429, 'RATE_LIMITED');
    client.address = '2001:db8:1:3::1';
    expect((await login(client)).status).toBe(401);
  });

  it('take an IPv4 address for the same in its IPv6 form', async () => {
    const client = test.client();
    client.address = '198.51.100.7';
    for (let index = 0; index < 5; index += 1) await login(client);
    client.address = '::ffff:198.51.100.7';
    expectProblem(await login(client), 429, 'RATE_LIMITED');
  });

  it('let 10 requests for help an hour pass per address, whatever the email [F-44]', async () => {
    const client = test.client();
    await expectLimit(() => client.post('/auth/forgot-password', { email: unknownEmail() }), {
      count: 10,
      seconds: 3600,
      passes: 202,
    });
  });

  it('read the ports and brackets that some proxies write, and alert when there is no address [F-36]', async () => {
    const client = test.client();
    for (const address of [
      '198.51.100.8:5555',
      '198.51.100.8',
      '"198.51.100.8:1"',
      '[::ffff:198.51.100.8]:9',
    ]) {
      client.address = address;
      expect((await login(client)).status).toBe(401);
    }
    client.address = '203.0.113.1, 198.51.100.8:6000, 127.0.0.1:443';
    expect((await login(client)).status).toBe(401);
    client.address = '198.51.100.8:7000';
    expectProblem(await login(client), 429, 'RATE_LIMITED');
    client.address = '[2001:db8:9::1]:443';
    expect((await login(client)).status).toBe(401);
    expect(await alertsOf('client_address_unreadable')).toHaveLength(0);
    client.address = 'unknown';
    await client.get('/nowhere');
    expect(await alertsOf('client_address_unreadable')).toMatchObject([{ details: { address: 'unknown' } }]);
  });

  const alertsOf = async (kind: string) => {
    await test.app.get(AlertsService).flush();
    return test.database.client.alert.findMany({ where: { kind } });
  };

  it('cannot be escaped with a made-up X-Forwarded-For: only the last untrusted hop counts', async () => {
    const client = test.client();
    const { address } = client;
    for (let index = 0; index < 5; index += 1) {
      client.address = `203.0.113.${index}, ${address}`;
      await login(client);
    }
    client.address = `198.51.100.99, ${address}`;
    expectProblem(await login(client), 429, 'RATE_LIMITED');
  });

  it('are met by nobody in ordinary use [L-S4]', async () => {
    const admin = await aSignedInAdmin(test);
    const statuses: number[] = [];
    for (let minute = 0; minute < 3; minute += 1) {
      for (let index = 0; index < 60; index += 1)
        statuses.push((await admin.client.get(index % 2 ? '/users/me' : '/sessions')).status);
      statuses.push((await admin.client.refresh()).status);
      test.clock.advanceSeconds(60);
    }
    expect(new Set(statuses)).toEqual(new Set([200]));
  });
});

describe('the global limit', () => {
  it('counts all routes of one address together, 300 a minute [L-S4] [A-8] [F-62]', async () => {
    const test = await startTestApp({ environment: MEMORY_COUNTERS });
    try {
      const client = test.client();
      const counted = listRouteDeclarations(test.app)
        .map(({ route }) => route)
        .filter((route) => !route.includes(' /health/'));
      expect(counted.length).toBeGreaterThan(60);
      const call = (route: string) => {
        const [method, path] = route.replaceAll(/:\w+/g, randomUUID()).split(' ') as [string, string];
        return client.send(method.toLowerCase() as 'get', path);
      };
      for (let index = 0; index < 299; index += 1) await call(counted[index % counted.length]!);
      expect((await client.get('/.well-known/jwks.json')).status).toBe(200);
      const refused = await client.get('/users/me');
      expectProblem(refused, 429, 'RATE_LIMITED');
      expect(refused.headers['retry-after']).toBe('60');
      for (const route of counted) expect([route, (await call(route)).status]).toEqual([route, 429]);
      expect((await test.client().get('/.well-known/jwks.json')).status).toBe(200);
      test.clock.advanceSeconds(60);
      expect((await client.get('/.well-known/jwks.json')).status).toBe(200);
    } finally {
      await test.close();
    }
  });

  it('counts every request but those for health: whatever its path, method, type or body [F-41] [L-S4]', async () => {
    const test = await startTestApp({
      environment: { ...MEMORY_COUNTERS, RATE_LIMIT_GLOBAL: '2/60', CORS_ORIGINS: 'https://app.example.com' },
    });
    try {
      const json = { 'Content-Type': 'application/json' };
      const kinds: Record<string, (client: TestClient) => Promise<Response>> = {
        'an unknown path': (client) => client.get('/nowhere'),
        'a path that cannot be read': (client) => client.get('/%zz'),
        'an unknown method': (client) => client.send('delete', '/auth/login'),
        'a broken body': (client) => client.post('/auth/login', '{', json),
        'a body that is too large': (client) =>
          client.post('/auth/login', JSON.stringify('x'.repeat(110_000)), json),
        'a wrong type': (client) => client.post('/auth/login', 'a=1', { 'Content-Type': 'text/plain' }),
        'a preflight': (client) =>
          client.send('options', '/users', undefined, {
            Origin: 'https://app.example.com',
            'Access-Control-Request-Method': 'GET',
          }),
        'a webhook': (client) => client.post('/webhooks/01a1fac7-20e5-74ae-82b5-f30f3c0a6262', '{}', json),
        metrics: (client) => client.get('/metrics'),
      };
      for (const [what, ask] of Object.entries(kinds)) {
        const client = test.client();
        for (let index = 0; index < 2; index += 1) {
          const counted = await ask(client);
          expect([what, counted.status === 429]).toEqual([what, false]);
        }
        const lines = test.logLines.length;
        const refusals = () => test.logLines.slice(lines).filter((line) => line.includes('RATE_LIMITED'));
        for (let index = 0; index < 3; index += 1) {
          const refused = await ask(client);
          expect([what, refused.status, (refused.body as { code: string }).code]).toEqual([
            what,
            429,
            'RATE_LIMITED',
          ]);
          expect(refused.headers['retry-after']).toBe('60');
          expect(refused.headers['x-content-type-options']).toBe('nosniff');
          expect(refused.headers['x-request-id']).toBe((refused.body as { requestId: string }).requestId);
        }
        // A flood does not fill the disk: one line for each address and window.
        expect([what, refusals().length]).toEqual([what, 1]);
        expect((await client.get('/health/live')).status).toBe(200);
      }
      const page = test.client();
      for (let index = 0; index < 3; index += 1) await page.get('/nowhere');
      const shown = await page.get('/nowhere', { Origin: 'https://app.example.com' });
      expect([shown.status, shown.headers['access-control-allow-origin']]).toEqual([
        429,
        'https://app.example.com',
      ]);
    } finally {
      await test.close();
    }
  });

  it.each(['none', '127.0.0.1'])(
    'counts what never becomes a request, with TRUST_PROXY=%s [F-41]',
    async (trusted) => {
      const test = await startTestApp({
        environment: { ...MEMORY_COUNTERS, RATE_LIMIT_GLOBAL: '2/60', TRUST_PROXY: trusted },
      });
      try {
        const { hostname, port } = new URL(test.url);
        const send = async (bytes: string): Promise<string> => {
          const socket = connect(Number(port), hostname);
          socket.write(bytes);
          let answer = '';
          for await (const chunk of socket) answer += String(chunk);
          return answer;
        };
        const kinds: Record<string, string> = {
          'CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n': '400',
          'NONSENSE\r\n\r\n': '400',
          [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`]: '431',
        };
        for (const [bytes, status] of Object.entries(kinds)) {
          for (let index = 0; index < 2; index += 1)
            expect((await send(bytes)).slice(0, 13)).toBe(`HTTP/1.1 ${status} `);
          const [head, body] = (await send(bytes)).split('\r\n\r\n') as [string, string];
          expect(head).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n/);
          expect(head).toMatch(/\r\nRetry-After: 60\r\n/);
          expect(head.toLowerCase()).toContain('\r\nx-content-type-options: nosniff\r\n');
          expect(JSON.parse(body)).toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 60 });
          // The same count as of all others of this caller; but what a proxy breaks harms nobody else behind it.
          const isShared = trusted === 'none' || bytes.startsWith('CONNECT');
          const other = await send('GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
          expect([bytes.slice(0, 8), other.slice(0, 13)]).toEqual([
            bytes.slice(0, 8),
            `HTTP/1.1 ${isShared ? 429 : 404} `,
          ]);
          test.clock.advanceSeconds(60);
        }
      } finally {
        await test.close();
      }
    },
  );

  it('refuses before the body is read, and says so before it is sent [F-41]', async () => {
    const test = await startTestApp({ environment: { ...MEMORY_COUNTERS, RATE_LIMIT_GLOBAL: '1/60' } });
    try {
      const { hostname, port } = new URL(test.url);
      await test.client().get('/nowhere', { 'X-Forwarded-For': '192.0.2.7' });
      const socket = connect(Number(port), hostname);
      socket.write(
        'POST /auth/login HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.7\r\n' +
          'Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{',
      );
      let answer = '';
      for await (const chunk of socket) answer += String(chunk);
      expect(answer).toMatch(/^HTTP\/1\.1 429 [\s\S]*\r\nConnection: close\r\n[\s\S]*"RATE_LIMITED"/);
    } finally {
      await test.close();
    }
  });

  it('and every other one follows its setting', async () => {
    const test = await startTestApp({
      environment: {
        RATE_LIMIT_GLOBAL: '4/10',
        RATE_LIMIT_LOGIN_IP: '2/30',
        RATE_LIMIT_REGISTER: '1/90',
      },
    });
    try {
      const client = test.client();
      const login = () => client.post('/auth/login', { email: 'a@example.com', password: 'x' });
      expect([(await login()).status, (await login()).status]).toEqual([401, 401]);
      expect((await login()).headers['retry-after']).toBe('30');
      expect((await client.get('/.well-known/jwks.json')).status).toBe(200);
      expect((await client.get('/.well-known/jwks.json')).headers['retry-after']).toBe('10');
    } finally {
      await test.close();
    }
  });
});
