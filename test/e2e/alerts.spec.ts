import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { Database } from '../../src/platform/database/database.js';
import { isPublic } from '../../src/alerts/webhook-sender.js';
import { AdminCreation } from '../../src/users/admin-creation.js';
import { Signals } from '../../src/platform/events/signals.js';
import { Jobs } from '../../src/platform/jobs/jobs.js';
import {
  aPerson,
  aSignedInAdmin,
  aSignedInUser,
  GOOD_PASSWORD,
  signIn,
  type SignedIn,
} from '../factories/people.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { pageOf } from '../support/pages.js';
import { expectProblem } from '../support/problems.js';
import { MEMORY_COUNTERS } from '../support/test-config.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import type { TestClient } from '../support/test-client.js';

const SECRET = `whsec_${Buffer.alloc(32, 'benteng').toString('base64')}`;

interface Delivery {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let receiver: Server;
let deliveries: Delivery[] = [];
let answers: number[] = [];
let test: TestApp;
let operator: SignedIn;
let admin: SignedIn;

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      deliveries.push({ headers: request.headers, body });
      response.writeHead(answers.shift() ?? 204, { Location: 'http://127.0.0.1:1/elsewhere' }).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  test = await startTestApp({
    environment: {
      ...NO_LIMITS,
      ...MEMORY_COUNTERS,
      ALERT_WEBHOOK_URL: `http://localhost:${port}/alerts`,
      ALERT_WEBHOOK_SECRET: SECRET,
      ALERT_WEBHOOK_ALLOW_PRIVATE: 'true',
      UNUSUAL_USE: '20/600',
    },
  });
  operator = await aSignedInAdmin(test);
  await test.app.get(AdminCreation).makeOperator(operator.email);
});
beforeEach(async () => {
  test.clock.advanceSeconds(5000);
  admin = await aSignedInAdmin(test);
  await operator.client.login(operator);
  await run('alert delivery');
  deliveries = [];
  answers = [];
});
afterAll(async () => {
  await test.close();
  receiver.close();
});

const run = (job: string) => test.app.get(Jobs).runNow(job);
const emit = (signal: Parameters<Signals['emit']>[0]) => test.app.get(Signals).emit(signal);
const alertsOf = async (reader: SignedIn, query = '') =>
  pageOf(await reader.client.get(`/audit/alerts?acknowledged=false&limit=100${query}`)).items;
const lock = async (email: string) => {
  for (let index = 0; index < 10; index += 1) await test.client().login({ email, password: 'Wrong-1-wrong' });
};

describe('alerts', () => {
  it('tell of a locked account, once, however often it happens [L-6.1] [A-9] [O-10]', async () => {
    const person = await aPerson(test, { organizationId: admin.organizationId });
    await lock(person.email);
    expect(await alertsOf(admin)).toEqual([
      {
        id: expect.any(String),
        kind: 'account_locked',
        severity: 'medium',
        summary: expect.any(String),
        scope: 'organization',
        details: { userId: person.id, ipAddress: expect.any(String) },
        occurrences: 1,
        createdAt: test.clock.now().toISOString(),
        lastRaisedAt: test.clock.now().toISOString(),
        acknowledgedAt: null,
        acknowledgedBy: null,
      },
    ]);
    test.clock.advanceSeconds(1801);
    await admin.client.login(admin);
    await lock(person.email);
    expect(await alertsOf(admin)).toMatchObject([{ kind: 'account_locked', occurrences: 2 }]);
    await operator.client.login(operator);
    expect(await alertsOf(operator)).toEqual([]);
    const user = await aSignedInUser(test, { organizationId: admin.organizationId });
    expectProblem(await user.client.get('/audit/alerts'), 403, 'FORBIDDEN');
  });

  it('are acknowledged with a trace; the next problem is a new one', async () => {
    const person = await aPerson(test, { organizationId: admin.organizationId });
    await lock(person.email);
    const [{ id } = {}] = await alertsOf(admin);
    const stranger = await aSignedInAdmin(test);
    expectProblem(await stranger.client.post(`/audit/alerts/${String(id)}/acknowledge`), 404, 'NOT_FOUND');
    for (let round = 0; round < 2; round += 1) {
      const { status, body } = await admin.client.post(`/audit/alerts/${String(id)}/acknowledge`);
      expect(status).toBe(200);
      expect(body).toMatchObject({
        id,
        acknowledgedBy: admin.id,
        acknowledgedAt: test.clock.now().toISOString(),
      });
    }
    const trail = await test.database.client.securityEvent.findMany({ where: { targetId: String(id) } });
    expect(trail.map(({ action }) => action)).toEqual(['alert.acknowledged']);
    expect(await alertsOf(admin)).toEqual([]);
    test.clock.advanceSeconds(1801);
    await admin.client.login(admin);
    await lock(person.email);
    expect(await alertsOf(admin)).toHaveLength(1);
    expect(pageOf(await admin.client.get('/audit/alerts?acknowledged=true')).items).toHaveLength(1);
  });

  it('tell of a copied refresh token', async () => {
    const { client, id } = await aSignedInUser(test, { organizationId: admin.organizationId });
    const copied = client.cookies.get('refresh')!;
    await client.refresh();
    test.clock.advanceSeconds(11);
    client.cookies.set('refresh', copied);
    expectProblem(await client.refresh(), 401, 'SESSION_ENDED');
    expect(await alertsOf(admin)).toMatchObject([
      { kind: 'refresh_token_theft', severity: 'high', details: { userId: id } },
    ]);
  });

  it('tell of one address that tries many accounts: each organization of its own, the operator of all', async () => {
    const people = await Promise.all(
      Array.from({ length: 4 }, () => aPerson(test, { organizationId: admin.organizationId })),
    );
    const thief = test.client();
    const emails = [
      ...people.map(({ email }) => email),
      ...Array.from({ length: 6 }, (_, n) => `ghost${n}@example.com`),
    ];
    for (const email of emails.slice(0, 9)) await thief.login({ email, password: `Wrong-${email}` });
    await run('attempt patterns');
    expect(await alertsOf(admin, '&kind=credential_stuffing')).toEqual([]);
    await thief.login({ email: emails[9]!, password: 'Wrong-last' });
    await run('attempt patterns');
    await run('attempt patterns');
    expect(await alertsOf(admin, '&kind=credential_stuffing')).toMatchObject([
      { details: { address: thief.address, emails: 4 }, scope: 'organization' },
    ]);
    expect(await alertsOf(operator, '&kind=credential_stuffing')).toMatchObject([
      { details: { address: thief.address, emails: 10 }, scope: 'installation' },
    ]);
  });

  it('tell of one account that many addresses try', async () => {
    const person = await aPerson(test, { organizationId: admin.organizationId });
    for (let index = 0; index < 10; index += 1)
      await test.client().login({ email: person.email, password: `Wrong-${index}` });
    await run('attempt patterns');
    expect(await alertsOf(admin, '&kind=account_spraying')).toMatchObject([
      { details: { userId: person.id, addresses: 10 } },
    ]);
  });

  it('tell of one password that is tried for many accounts, and keep nothing of it', async () => {
    const password = 'Summer-2026-is-here';
    for (let index = 0; index < 10; index += 1)
      await test.client().login({ email: `spray${index}@example.com`, password });
    await run('alert delivery');
    expect(await alertsOf(operator, '&kind=password_spraying')).toMatchObject([{ details: { emails: 10 } }]);
    const alerts = await test.database.client.alert.findMany();
    expect(JSON.stringify(alerts) + test.logLines.join('') + JSON.stringify(deliveries)).not.toContain(
      password,
    );
  });

  it('tell of a ciphertext that was refused', async () => {
    const created = await admin.client.post('/integrations', {
      provider: 'CUSTOM',
      label: 'x',
      apiKey: 'a-secret-key',
    });
    const { id } = created.body as { id: string };
    await test.database.client.$executeRaw`
      UPDATE benteng.integrations SET api_key = overlay(api_key placing 'AAAA' from 20) WHERE id = ${id}::uuid`;
    expect((await admin.client.get(`/integrations/${id}`)).body).toMatchObject({ unreadable: ['apiKey'] });
    await run('alert delivery');
    expect(await alertsOf(admin)).toMatchObject([
      {
        kind: 'decrypt_failure',
        details: { table: 'integrations', column: 'api_key', rowId: id, reason: 'not_authentic' },
      },
    ]);
    await admin.client.delete(`/integrations/${id}`);
  });

  it('tell of somebody who makes unusually many requests, once', async () => {
    for (let index = 0; index < 25; index += 1) await admin.client.get('/users/me');
    await run('alert delivery');
    expect(await alertsOf(admin)).toMatchObject([
      {
        kind: 'unusual_api_use',
        occurrences: 1,
        details: { callerId: admin.id, requests: 20, seconds: 600 },
      },
    ]);
  });

  it('of the installation are no stranger’s who registers, and nobody’s who is no administrator any more [F-22]', async () => {
    const registration = {
      email: 'stranger@example.com',
      password: GOOD_PASSWORD,
      name: 'Stranger',
      organizationName: 'Strangers',
    };
    const stranger = test.client();
    expect((await stranger.post('/auth/register', registration)).status).toBe(202);
    await stranger.login(registration);
    const { organizationId } = await test.database.client.user.findFirstOrThrow({
      where: { email: registration.email },
    });
    test.app.get(Signals).emit({ kind: 'password_sprayed', emails: 78 });
    await run('alert delivery');
    const [alert] = await alertsOf(operator, '&kind=password_spraying');
    const id = String(alert!['id']);
    const seen = async (reader: TestClient) =>
      pageOf(await reader.get('/audit/alerts')).items.map((item) => item['id']);
    expect(await seen(stranger)).toEqual([]);
    expectProblem(await stranger.post(`/audit/alerts/${id}/acknowledge`), 404, 'NOT_FOUND');

    const second = await aSignedInAdmin(test, { organizationId });
    await test.app.get(AdminCreation).makeOperator(second.email);
    expect(await seen(second.client)).toContain(id);
    expect(await seen(stranger)).toEqual([]);
    for (const role of ['USER', 'ADMIN']) await stranger.patch(`/users/${second.id}`, { role });
    expect(await seen((await signIn(test, second)).client)).toEqual([]);
    expect((await operator.client.post(`/audit/alerts/${id}/acknowledge`)).status).toBe(200);
    await expect(test.app.get(AdminCreation).makeOperator('nobody@example.com')).rejects.toThrow(
      'No active administrator',
    );
  });

  it('of the installation are the operator’s to see: counters or database away', async () => {
    emit({ kind: 'limiter_store_down', reason: 'ECONNREFUSED' });
    for (let index = 0; index < 5; index += 1) emit({ kind: 'database_error' });
    await run('alert delivery');
    const kinds = (await alertsOf(operator)).map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['limiter_store_down', 'database_errors']));
    expect(await alertsOf(admin)).toEqual([]);
  });

  it('wait while the database is away, and are stored when it is back', async () => {
    const broken = jest
      .spyOn(test.app.get(Database), 'run')
      .mockRejectedValue(Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }));
    emit({ kind: 'password_sprayed', emails: 77 });
    await expect(run('alert delivery')).rejects.toThrow('gone');
    broken.mockRestore();
    await run('alert delivery');
    expect(await alertsOf(operator, '&kind=password_spraying')).toMatchObject([{ details: { emails: 77 } }]);
  });

  it('are paged, newest first', async () => {
    for (let index = 0; index < 3; index += 1) {
      await lock((await aPerson(test, { organizationId: admin.organizationId })).email);
      test.clock.advanceSeconds(1);
    }
    const all = await alertsOf(admin);
    expect(all).toHaveLength(3);
    const first = pageOf(await admin.client.get('/audit/alerts?limit=2'));
    const second = pageOf(await admin.client.get(`/audit/alerts?limit=2&cursor=${first.nextCursor}`));
    expect([...first.items, ...second.items]).toEqual(all);
  });
});

describe('the delivery of alerts', () => {
  const raise = async () => {
    const person = await aPerson(test, { organizationId: admin.organizationId });
    await lock(person.email);
    return person;
  };
  /** The message, once its signature holds (Standard Webhooks; the package’s own check asks the machine’s clock). */
  const verify = ({ headers, body }: Delivery): unknown => {
    const at = new Date(Number(headers['webhook-timestamp']) * 1000);
    const signed = new Webhook(SECRET).sign(String(headers['webhook-id']), at, body);
    expect(headers['webhook-signature']).toBe(signed);
    return JSON.parse(body);
  };

  it('is a signed Standard Webhook', async () => {
    const person = await raise();
    await run('alert delivery');
    expect(deliveries).toHaveLength(1);
    const [delivery] = deliveries as [Delivery];
    const { headers, body } = delivery;
    expect(headers['webhook-timestamp']).toBe(String(Math.floor(test.clock.now().getTime() / 1000)));
    expect(verify(delivery)).toMatchObject({
      type: 'alert.raised',
      data: { kind: 'account_locked', organizationId: admin.organizationId, details: { userId: person.id } },
    });
    expect(body).not.toContain(person.email);
    await run('alert delivery');
    expect(deliveries).toHaveLength(1);
  });

  it('is repeated under the same id until it is taken; a redirect is no success and is not followed', async () => {
    await raise();
    answers = [500, 302];
    const failures: unknown[] = [];
    test.app
      .get(Signals)
      .listen((signal) => signal.kind === 'delivery_failed' && failures.push(signal.service));
    for (let round = 0; round < 4; round += 1) {
      await run('alert delivery');
      test.clock.advanceSeconds(60);
    }
    expect(deliveries).toHaveLength(3);
    expect(new Set(deliveries.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(failures).toEqual(['alert_webhook', 'alert_webhook']);
  });

  it('is not repeated before its pause is over', async () => {
    await raise();
    answers = [500];
    await run('alert delivery');
    await run('alert delivery');
    expect(deliveries).toHaveLength(1);
  });

  it('happens again when a quiet problem comes back after an hour', async () => {
    const person = await raise();
    await run('alert delivery');
    test.clock.advanceSeconds(3601);
    await lock(person.email);
    await run('alert delivery');
    expect(deliveries).toHaveLength(2);
    expect(deliveries[0]!.headers['webhook-id']).not.toBe(deliveries[1]!.headers['webhook-id']);
  });

  it.each([
    ['127.0.0.1', false],
    ['10.1.2.3', false],
    ['172.16.0.1', false],
    ['192.168.1.1', false],
    ['169.254.169.254', false],
    ['100.64.0.1', false],
    ['0.0.0.0', false],
    ['224.0.0.1', false],
    ['::1', false],
    ['::', false],
    ['fe80::1', false],
    ['fd00::1', false],
    ['::ffff:127.0.0.1', false],
    ['::ffff:10.0.0.1', false],
    ['64:ff9b::7f00:1', false],
    ['nonsense', false],
    ['93.184.216.34', true],
    ['2606:4700::1111', true],
  ])('takes %s for public: %p', (address, expected) => {
    expect(isPublic(address)).toBe(expected);
  });
});

describe('the delivery of alerts to a private address', () => {
  it('is refused unless it is allowed, whatever the name', async () => {
    await test.close();
    const { port } = receiver.address() as AddressInfo;
    for (const host of ['localhost', '127.0.0.1', '[::ffff:127.0.0.1]']) {
      test = await startTestApp({
        environment: {
          ...NO_LIMITS,
          ALERT_WEBHOOK_URL: `http://${host}:${port}/alerts`,
          ALERT_WEBHOOK_SECRET: SECRET,
        },
      });
      deliveries = [];
      const person = await aPerson(test);
      await lock(person.email);
      await run('alert delivery');
      expect(deliveries).toEqual([]);
      const [alert] = await test.database.client.alert.findMany();
      expect(alert).toMatchObject({ deliveredAt: null, nextDeliveryAt: null, deliveryAttempts: 1 });
      expect(test.logLines.filter((line) => line.includes('ALERT_WEBHOOK_ALLOW_PRIVATE'))).toHaveLength(1);
      if (host !== '[::ffff:127.0.0.1]') await test.close();
    }
  });
});
