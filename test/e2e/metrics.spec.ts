import { Signals } from '../../src/platform/events/signals.js';
import { aPerson } from '../factories/people.js';
import { anEnrolledPerson, openChallenge, prove } from '../factories/second-factors.js';
import { expectProblem } from '../support/problems.js';
import { MEMORY_COUNTERS } from '../support/test-config.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const TOKEN = 'a-token-of-the-scraper-1234';

describe('metrics', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({
      environment: {
        ...MEMORY_COUNTERS,
        METRICS_TOKEN: TOKEN,

        RATE_LIMIT_GLOBAL: '100000/60',
        LOCKOUT: '3/3600/1800',
      },
    });
  });
  afterAll(() => test.close());

  const scrape = (token = TOKEN) => test.client().get('/metrics', { Authorization: `Bearer ${token}` });
  /** The value of one line, 0 when it is not there yet. */
  const value = async (line: string): Promise<number> => {
    const { text } = await scrape();
    const found = text.split('\n').find((each) => each.startsWith(`${line} `));
    return found === undefined ? 0 : Number(found.slice(line.length + 1));
  };
  const login = (email: string, password: string, client = test.client()) =>
    client.post('/auth/login', { email, password });

  it('are shown to who holds the token, in Prometheus’ form, outside the API prefix [A-9]', async () => {
    const response = await scrape();
    expect(response.status).toBe(200);
    expect(response.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(response.text).toMatch(/^# HELP benteng_logins_total /m);
    for (const header of [`Bearer ${TOKEN}x`, 'Bearer', '', `Basic ${TOKEN}`, TOKEN])
      expectProblem(await test.client().get('/metrics', { Authorization: header }), 401, 'UNAUTHENTICATED');
  });

  it.each([
    [
      'a sign-in',
      'benteng_logins_total{outcome="success"}',
      async () => {
        const person = await aPerson(test);
        await login(person.email, person.password);
      },
    ],
    [
      'an unknown address',
      'benteng_logins_total{outcome="unknown_email"}',
      () => login('nobody@example.com', 'x'),
    ],
    [
      'a refused second factor',
      'benteng_second_factor_total{outcome="refused"}',
      async () => {
        const person = await anEnrolledPerson(test);
        await prove(test, { challengeToken: await openChallenge(test, person), code: person.codeNow(5) });
      },
    ],
    [
      'a lockout',
      'benteng_lockouts_total',
      async () => {
        const { email } = await aPerson(test);
        for (let index = 0; index < 3; index += 1) await login(email, 'wrong');
      },
    ],
    [
      'a limit',
      'benteng_limit_hits_total{rule="LOGIN_IP"}',
      async () => {
        const client = test.client();
        for (let index = 0; index < 6; index += 1) await login(`limited${index}@example.com`, 'x', client);
      },
    ],
    [
      'a copied refresh token',
      'benteng_refresh_token_theft_total',
      async () => {
        const client = test.client();
        const person = await aPerson(test);
        await login(person.email, person.password, client);
        const copied = client.cookies.get('refresh')!;
        const refresh = () => client.post('/auth/refresh', undefined, { 'X-Requested-With': 'test' });
        await refresh();
        test.clock.advanceSeconds(11);
        client.cookies.set('refresh', copied);
        await refresh();
      },
    ],
    [
      'an event',
      'benteng_security_events_total{action="password.reset_requested"}',
      async () => {
        const { email } = await aPerson(test);
        await test.client().post('/auth/forgot-password', { email });
      },
    ],
    [
      'a refused ciphertext',
      'benteng_decrypt_failures_total{reason="unknown_key"}',
      () =>
        test.app.get(Signals).emit({
          kind: 'decrypt_failed',
          reason: 'unknown_key',
          table: 't',
          column: 'c',
          rowId: 'r',
          organizationId: 'o',
        }),
    ],
    [
      'a database that is away',
      'benteng_database_errors_total',
      () => test.app.get(Signals).emit({ kind: 'database_error' }),
    ],
    [
      'lost counters',
      'benteng_limiter_store_outages_total',
      () => test.app.get(Signals).emit({ kind: 'limiter_store_down', reason: 'x' }),
    ],
    [
      'a request',
      'benteng_http_request_duration_seconds_count{method="GET",route="/health/live",status="2xx"}',
      () => test.client().get('/health/live'),
    ],
    [
      'a message that nobody took',
      'benteng_delivery_failures_total{service="mail"}',
      () => test.app.get(Signals).emit({ kind: 'delivery_failed', service: 'mail' }),
    ],
    ['a hash', 'benteng_password_hash_wait_seconds_count', () => login('nobody@example.com', 'x')],
  ] as [string, string, () => unknown][])('count %s', async (_what, line, cause) => {
    const before = await value(line);
    await cause();
    expect(await value(line)).toBeGreaterThan(before);
  });

  it('stand at 0 before anything has happened, so that the first time is seen to rise [A-9]', async () => {
    const fresh = await startTestApp({ environment: { METRICS_TOKEN: TOKEN } });
    try {
      const { text } = await fresh.client().get('/metrics', { Authorization: `Bearer ${TOKEN}` });
      for (const line of [
        'benteng_logins_total{outcome="captcha_required"} 0',
        'benteng_second_factor_total{outcome="refused"} 0',
        'benteng_limit_hits_total{rule="GLOBAL"} 0',
        'benteng_security_events_total{action="two_factor.locked"} 0',
        'benteng_decrypt_failures_total{reason="not_authentic"} 0',
        'benteng_refresh_token_theft_total 0',
        'benteng_delivery_failures_total{service="mail"} 0',
      ])
        expect(text.split('\n')).toContain(line);
    } finally {
      await fresh.close();
    }
  });

  it('show whether the shared counters answer, how long the queue is, and how the event loop does', async () => {
    test.app.get(Signals).emit({ kind: 'limiter_store_down', reason: 'x' });
    expect(await value('benteng_limiter_store_up')).toBe(0);
    test.app.get(Signals).emit({ kind: 'limiter_store_up' });
    expect(await value('benteng_limiter_store_up')).toBe(1);
    const { text } = await scrape();
    expect(text).toMatch(/^benteng_password_hash_queue_length 0$/m);
    expect(text).toMatch(/^benteng_nodejs_eventloop_lag_seconds /m);
    expect(text).toMatch(/^benteng_process_resident_memory_bytes /m);
  });

  it('are named as Prometheus expects: what ends in _total is a counter, every counter does, and each has its help [F-65]', async () => {
    const { text } = await scrape();
    const lines = text.split('\n');
    const types = new Map(
      [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name!, type!] as const),
    );
    const helped = new Set([...text.matchAll(/^# HELP (\S+) \S.*$/gm)].map(([, name]) => name!));
    expect(new Set(types.values())).toEqual(new Set(['counter', 'gauge', 'histogram']));
    const faults = [...types].filter(([name, type]) => (type === 'counter') !== name.endsWith('_total'));
    expect(faults).toEqual([]);
    expect([...types.keys()].filter((name) => !helped.has(name))).toEqual([]);
    // Each sample belongs to one that was announced, a histogram's parts to it.
    const samples = lines
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => /^[\w:]+/.exec(line)![0]);
    const familyOf = (name: string) => (types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, ''));
    expect(samples.map(familyOf).filter((name) => !types.has(name))).toEqual([]);
  });

  it('stay small and impersonal, whatever is asked for [A-10] [V16.2.5]', async () => {
    const user = await aPerson(test);
    await login(user.email, user.password);
    const lines = async () => (await scrape()).text.split('\n').length;
    const before = await lines();
    for (let index = 0; index < 300; index += 1) {
      await test
        .client()
        .get(`/made-up-${index}?email=user${index}@example.com`, { 'User-Agent': `agent-${index}` });
      await test.client().get(`/users/01a1fac7-20e5-74ae-82b5-f30f3c0a${String(index).padStart(4, '0')}`);
    }
    expect((await lines()) - before).toBeLessThan(60);
    const { text } = await scrape();
    expect(text).not.toMatch(/made-up|agent-|@example|01a1fac7|\b10\.\d+\.\d+\.\d+\b/);
    expect(text).not.toContain(user.id);
  });
});

describe('without METRICS_TOKEN', () => {
  it('there are no metrics', async () => {
    const test = await startTestApp({ environment: { API_PREFIX: 'api/v1' } });
    try {
      expectProblem(await test.client().get('/metrics'), 404, 'NOT_FOUND');
      expectProblem(await test.client().get('/api/v1/metrics'), 404, 'NOT_FOUND');
      expectProblem(await test.client().get('/metrics', { Authorization: 'Bearer ' }), 404, 'NOT_FOUND');
    } finally {
      await test.close();
    }
  });
});
