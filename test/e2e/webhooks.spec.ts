import { createHash, createHmac, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import type { Integration } from '../../src/platform/database/generated/client.js';
import { Database } from '../../src/platform/database/database.js';
import { WebhookFailures } from '../../src/webhooks/webhook-failures.js';
import { aSignedInAdmin, aSignedInUser, type SignedIn } from '../factories/people.js';
import { aServiceKey } from '../factories/service-keys.js';
import { aReceiver, deliver, type Receiver, type Sending } from '../factories/webhooks.js';
import { Jobs } from '../../src/platform/jobs/jobs.js';
import { pageOf } from '../support/pages.js';
import { expectProblem } from '../support/problems.js';
import { MEMORY_COUNTERS } from '../support/test-config.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const SCHEMES: Integration['webhookScheme'][] = ['standard', 'tiktok', 'scalev', 'google_ads', 'hmac'];
const ENVIRONMENT = {
  ...MEMORY_COUNTERS,
  RATE_LIMIT_WEBHOOK: '100000/60',
  RATE_LIMIT_GLOBAL: '100000/60',
  RATE_LIMIT_LOGIN_IP: '1000/60',
  RATE_LIMIT_LOGIN_EMAIL: '1000/60',
};

let test: TestApp;
let admin: SignedIn;
beforeAll(async () => {
  test = await startTestApp({ environment: ENVIRONMENT });
});
beforeEach(async () => {
  admin = await aSignedInAdmin(test);
});
afterAll(() => test.close());

const eventsOf = ({ id: integrationId }: Receiver): Promise<number> =>
  test.database.client.webhookEvent.count({ where: { integrationId } });
const pull = async (key: string, query = '') =>
  test.client().get(`/internal/webhook-events${query}`, { 'X-Service-Key': key });

describe.each(SCHEMES)('a webhook signed as %s', (scheme) => {
  it('is accepted once, however often and however parallel it comes [L-S9]', async () => {
    const shop = await aReceiver(admin, scheme);
    const first = await deliver(test, shop, { id: 'evt_same' });
    expect([first.status, first.body]).toEqual([200, { received: true, duplicate: false }]);
    const again = await deliver(test, shop, { id: 'evt_same' });
    expect([again.status, again.body]).toEqual([200, { received: true, duplicate: true }]);
    const parallel = await Promise.all(
      Array.from({ length: 20 }, () =>
        deliver(test, shop, { id: 'evt_parallel', body: '{"lead_id":"p","unique_id":"p"}' }),
      ),
    );
    expect(parallel.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(parallel.filter(({ body }) => (body as { duplicate: boolean }).duplicate)).toHaveLength(19);
    expect(await eventsOf(shop)).toBe(2);
  });

  it('is refused, and burns no id, when anything about it is wrong [L-0.2] [L-S9]', async () => {
    const shop = await aReceiver(admin, scheme);
    const stranger = await aReceiver(await aSignedInAdmin(test), scheme, `whsec_${'A'.repeat(32)}`);
    const wrong: Sending[] = [
      { secret: stranger.secret },
      { to: stranger.id },
      { to: 'nonsense' },
      { to: admin.id },
    ];
    if (scheme !== 'google_ads' && scheme !== 'scalev') wrong.push({ seconds: -301 }, { seconds: 301 });
    const answers = [];
    for (const sending of wrong) answers.push(await deliver(test, shop, { id: 'evt_precious', ...sending }));
    for (const answer of answers) expectProblem(answer, 401, 'UNAUTHENTICATED');
    const bodies = answers.map(({ body }) => ({ ...(body as object), requestId: '', instance: '' }));
    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1);
    expect([await eventsOf(shop), await eventsOf(stranger)]).toEqual([0, 0]);
    const genuine = await deliver(test, shop, { id: 'evt_precious' });
    expect(genuine.body).toEqual({ received: true, duplicate: false });
  });

  it('is understood with two secrets while one takes over from the other, and no longer', async () => {
    const shop = await aReceiver(admin, scheme);
    const secret = `whsec_${Buffer.from('the secret that comes after').toString('base64')}`;
    await admin.client.patch(`/integrations/${shop.id}`, {
      webhookSecret: secret,
      webhookSecretOverlapSeconds: 600,
    });
    expect((await deliver(test, shop)).status).toBe(200);
    expect((await deliver(test, shop, { secret })).status).toBe(200);
    test.clock.advanceSeconds(601);
    expectProblem(await deliver(test, shop), 401, 'UNAUTHENTICATED');
    expect((await deliver(test, shop, { secret })).status).toBe(200);
  });

  it('takes no altered body and no shortened, lengthened or missing proof', async () => {
    const shop = await aReceiver(admin, scheme);
    const body = JSON.stringify({ order: 7, lead_id: 'l', unique_id: 'l' });
    const names = {
      standard: ['webhook-signature', 'webhook-id', 'webhook-timestamp'],
      tiktok: ['TikTok-Signature'],
      scalev: ['X-Scalev-Hmac-Sha256'],
      google_ads: [],
      hmac: ['X-Signature', 'X-Signature-Timestamp'],
    }[scheme];
    for (const name of names)
      for (const value of [undefined, '', 'x', 'v1,', 't=1,s=', '0', 'a'.repeat(64), '9'.repeat(30)])
        expectProblem(
          await deliver(test, shop, { body, headers: { [name]: value } }),
          401,
          'UNAUTHENTICATED',
        );
    if (scheme === 'google_ads') {
      for (const key of [
        undefined,
        null,
        '',
        1,
        {},
        [shop.secret],
        shop.secret.slice(1),
        `${shop.secret} `,
      ]) {
        const response = await test
          .client()
          .post(
            `/webhooks/${shop.id}`,
            { lead_id: 'l', google_key: key },
            { 'Content-Type': 'application/json' },
          );
        expectProblem(response, 401, 'UNAUTHENTICATED');
      }
    }
    expect(await eventsOf(shop)).toBe(0);
  });

  it('of another provider is refused', async () => {
    const shop = await aReceiver(admin, scheme);
    for (const other of SCHEMES.filter((name) => name !== scheme))
      expectProblem(await deliver(test, { ...shop, scheme: other }), 401, 'UNAUTHENTICATED');
  });
});

describe('a webhook', () => {
  it('is signed as other implementations sign it', async () => {
    const at = test.clock.now();
    const seconds = Math.floor(at.getTime() / 1000);
    const body = '{"type":"order.paid","name":"Ibu Sri — ☕"}';
    const hmac = (key: string, text: string) => createHmac('sha256', key).update(text);
    const post = (receiver: Receiver, headers: Record<string, string>) =>
      test
        .client()
        .post(`/webhooks/${receiver.id}`, Buffer.from(body), { 'Content-Type': 'text/plain', ...headers });
    const standard = await aReceiver(admin, 'standard');
    const signature = new Webhook(standard.secret).sign('msg_1', at, body);
    const answers = [
      await post(standard, {
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(seconds),
        'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')} v2,x ${signature}`,
      }),
    ];
    const tiktok = await aReceiver(admin, 'tiktok', 'plain secret');
    const digest = hmac('plain secret', `${seconds}.${body}`).digest('hex');
    answers.push(await post(tiktok, { 'TikTok-Signature': `t=${seconds},s=${digest}` }));
    const scalev = await aReceiver(admin, 'scalev', 'plain secret');
    answers.push(await post(scalev, { 'X-Scalev-Hmac-Sha256': hmac('plain secret', body).digest('base64') }));
    const mengantar = await aReceiver(admin, 'hmac', 'plain secret');
    answers.push(
      await post(mengantar, { 'X-Signature': digest, 'X-Signature-Timestamp': String(seconds) }),
      await post(mengantar, {
        'X-Signature': hmac('plain secret', `e1.${seconds}.${body}`).digest('hex').toUpperCase(),
        'X-Signature-Timestamp': String(seconds),
        'X-Event-Id': 'e1',
      }),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const ids = await test.database.client.webhookEvent.findMany({ where: { integrationId: tiktok.id } });
    expect(ids[0]!.eventId).toBe(createHash('sha256').update(`${seconds}.${body}`).digest('hex'));
  });

  it('may come again with the same id when the time of remembering is over', async () => {
    const shop = await aReceiver(admin, 'standard');
    const noTime = await aReceiver(admin, 'scalev');
    for (const receiver of [shop, noTime]) await deliver(test, receiver, { id: 'evt_old' });
    test.clock.advanceSeconds(86_401);
    expect((await deliver(test, shop, { id: 'evt_old' })).body.duplicate).toBe(false);
    expect((await deliver(test, noTime, { id: 'evt_old' })).body.duplicate).toBe(true);
    test.clock.advanceSeconds(29 * 86_400);
    expect((await deliver(test, noTime, { id: 'evt_old' })).body.duplicate).toBe(false);
  });

  it('that is refused costs the same proof over its body, whether the integration is there or not [F-62]', async () => {
    const [shop, disabled, bare] = [
      await aReceiver(admin),
      await aReceiver(admin),
      await aReceiver(admin),
    ] as const;
    await admin.client.patch(`/integrations/${disabled.id}`, { status: 'DISABLED' });
    await admin.client.patch(`/integrations/${bare.id}`, { webhookSecret: null });
    const createHmacOf = jest.spyOn(
      jest.requireActual<typeof import('node:crypto')>('node:crypto'),
      'createHmac',
    );
    try {
      const proofs = async (sending: Sending) => {
        createHmacOf.mockClear();
        expectProblem(await deliver(test, shop, sending), 401, 'UNAUTHENTICATED');
        return createHmacOf.mock.calls.length;
      };
      const forged = `whsec_${'A'.repeat(32)}`;
      const known = await proofs({ secret: forged });
      // One of them is the sender's own.
      expect(known).toBeGreaterThan(1);
      const nobody = randomUUID();
      for (const to of [nobody, 'nonsense', disabled.id, bare.id])
        expect([to, await proofs({ secret: forged, to })]).toEqual([to, known]);
      const unsigned = { 'webhook-signature': undefined, 'webhook-id': undefined };
      const withoutProof = await proofs({ headers: unsigned });
      expect([withoutProof > 1, await proofs({ headers: unsigned, to: nobody })]).toEqual([
        true,
        withoutProof,
      ]);
    } finally {
      createHmacOf.mockRestore();
    }
  });

  it('for a disabled integration, or one without a secret, is refused', async () => {
    const shop = await aReceiver(admin);
    await admin.client.patch(`/integrations/${shop.id}`, { status: 'DISABLED' });
    expectProblem(await deliver(test, shop), 401, 'UNAUTHENTICATED');
    const bare = await admin.client.post('/integrations', { provider: 'GOOGLE_ADS', label: 'x' });
    const id = (bare.body as { id: string }).id;
    expectProblem(await deliver(test, { id, scheme: 'google_ads', secret: '' }), 401, 'UNAUTHENTICATED');
  });

  it('is dead with its integration', async () => {
    const shop = await aReceiver(admin);
    await deliver(test, shop);
    expect((await admin.client.delete(`/integrations/${shop.id}`)).status).toBe(204);
    expectProblem(await deliver(test, shop), 401, 'UNAUTHENTICATED');
    expect(await eventsOf(shop)).toBe(0);
  });

  it('is kept whole or not at all when the database fails in between', async () => {
    const shop = await aReceiver(admin);
    const database = test.app.get(Database);
    const run = database.run.bind(database);
    const spy = jest.spyOn(database, 'run').mockImplementation(async (statement, parameters, tx) => {
      if (statement.name === 'keep_webhook_events')
        throw Object.assign(new Error('gone'), { code: 'ECONNRESET' });
      return run(statement, parameters, tx);
    });
    expect((await deliver(test, shop, { id: 'evt_again' })).status).toBeGreaterThanOrEqual(500);
    spy.mockRestore();
    expect((await deliver(test, shop, { id: 'evt_again' })).body).toEqual({
      received: true,
      duplicate: false,
    });
  });

  it('is stored as ciphertext alone, bytes as they came', async () => {
    const shop = await aReceiver(admin);
    const { key } = await aServiceKey(admin, ['webhooks:read']);
    const bytes = Buffer.from([0xff, 0xfe, 0, 1, 2, 0x80]);
    await deliver(test, shop, { body: '{"buyer":"Ibu Kartini","phone":"+62 811"}' });
    await deliver(test, shop, { body: bytes });
    await deliver(test, shop, { body: 'just text' });
    await deliver(test, shop, { body: '' });
    const raw = await test.database.client.$queryRaw<
      { payload: string }[]
    >`SELECT payload FROM benteng.webhook_events`;
    for (const { payload } of raw) expect(payload).toMatch(/^v1:[a-z0-9]+:/);
    expect(test.logLines.join('')).not.toContain('Kartini');
    const { items } = pageOf(await pull(key));
    expect(items).toMatchObject([
      { payloadFormat: 'json', payload: { buyer: 'Ibu Kartini', phone: '+62 811' } },
      { payloadFormat: 'base64', payload: bytes.toString('base64') },
      { payloadFormat: 'text', payload: 'just text' },
      { payloadFormat: 'text', payload: '' },
    ]);
  });

  it('may have 1 MiB and no more, of any content type, or none', async () => {
    const shop = await aReceiver(admin);
    expect((await deliver(test, shop, { body: 'a'.repeat(1024 * 1024) })).status).toBe(200);
    expectProblem(await deliver(test, shop, { body: 'a'.repeat(1024 * 1024 + 1) }), 413, 'PAYLOAD_TOO_LARGE');
    for (const type of [
      'text/xml',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'nonsense',
    ])
      expect((await deliver(test, shop, { headers: { 'Content-Type': type } })).status).toBe(200);
    expectProblem(
      await admin.client.post('/integrations', 'x', { 'Content-Type': 'application/vnd.benteng.raw' }),
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    );
  });

  it('holds against whatever bytes and headers come', async () => {
    const receivers = await Promise.all(SCHEMES.map((scheme) => aReceiver(admin, scheme)));
    const value = fc.oneof(
      fc.string({ maxLength: 80 }),
      fc.constantFrom('v1,AAAA', 't=1,s=00', '1.5', '-1', '1e9', '00', '__proto__'),
    );
    const printable = value.map((text) => text.replaceAll(/[^\x20-\x7e]/g, ''));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...receivers),
        fc.uint8Array({ maxLength: 400 }),
        fc.dictionary(
          fc.constantFrom(
            'webhook-id',
            'webhook-signature',
            'webhook-timestamp',
            'TikTok-Signature',
            'X-Scalev-Hmac-Sha256',
            'X-Signature',
            'X-Signature-Timestamp',
            'X-Event-Id',
          ),
          printable,
        ),
        async ({ id }, bytes, headers) => {
          const response = await test
            .client()
            .post(`/webhooks/${id}`, Buffer.from(bytes), { 'Content-Type': 'application/json', ...headers });
          expectProblem(response, 401, 'UNAUTHENTICATED');
        },
      ),
      { numRuns: 150 },
    );
    for (const receiver of receivers) expect(await eventsOf(receiver)).toBe(0);
  });
});

describe('what a platform signed', () => {
  const ORDER = '576461413038785792';
  const items = async (key: string, query = '') => pageOf(await pull(key, query)).items;

  it('is what a service gets, to the byte: numbers of 19 digits too [F-2]', async () => {
    const { key } = await aServiceKey(admin, ['webhooks:read']);
    const body = `{ "order_id" : ${ORDER},\r\n "price": 1.10, "rate": 1e400, "name":"Ibu Sri \\u2615 ☕", "order_id": -0 }`;
    for (const scheme of SCHEMES) await deliver(test, await aReceiver(admin, scheme), { body });
    const response = await pull(key);
    const events = pageOf(response).items;
    expect(events).toHaveLength(SCHEMES.length);
    expect(response.text.split(`"order_id" : ${ORDER},`)).toHaveLength(SCHEMES.length + 1);
    for (const { payloadText, payloadFormat, provider } of events) {
      expect(payloadFormat).toBe('json');
      const kept = provider === 'GOOGLE_ADS' ? expect.stringContaining(body.slice(2)) : body;
      expect(payloadText).toEqual(kept);
    }
  });

  it('and is no text, or no JSON, comes as it is [F-2]', async () => {
    const { key } = await aServiceKey(admin, ['webhooks:read']);
    const shop = await aReceiver(admin, 'hmac');
    const bodies = ['\ufeff{"a":1}', '{"a":1}}', '"\\ud800"', 'null', ' 12 ', '{"__proto__":{"a":1}}', ''];
    for (const body of bodies) expect((await deliver(test, shop, { body })).status).toBe(200);
    expect((await deliver(test, shop, { body: Buffer.from([0x7b, 0xff, 0x7d]) })).status).toBe(200);
    const events = await items(key);
    expect(events.map(({ payloadText }) => payloadText)).toEqual([...bodies, null]);
    expect(events.map(({ payloadFormat }) => payloadFormat)).toEqual([
      'text',
      'text',
      'json',
      'json',
      'json',
      'json',
      'text',
      'base64',
    ]);
  });

  it.each([
    ['scalev', 'unique_id'],
    ['google_ads', 'lead_id'],
  ] as const)('as %s are two events where two ids differ [F-2]', async (scheme, field) => {
    const shop = await aReceiver(admin, scheme);
    const ids = ['9007199254740993', '9007199254740992', ORDER, `${ORDER}0`, '1e400', '2e400', '1.0', '1.00'];
    const strings = ['"\\ud800"', '"\\ud801"', '"a b"', '"a  b"'];
    for (const id of [...ids, ...strings])
      expect((await deliver(test, shop, { body: `{"${field}":${id}}` })).body).toEqual({
        received: true,
        duplicate: false,
      });
    expect((await deliver(test, shop, { body: `{"x":1,"${field}":${ORDER}}` })).body.duplicate).toBe(true);
    expect(await eventsOf(shop)).toBe(ids.length + strings.length);
    const { items: shown } = pageOf(await admin.client.get(`/integrations/${shop.id}/webhook-events`));
    expect(shown.map(({ eventId }) => eventId)).toEqual(expect.arrayContaining(ids));
  });

  it('is refused where it cannot be handed over, and never hides what stands behind it [F-3]', async () => {
    const { key } = await aServiceKey(admin, ['webhooks:read']);
    for (const scheme of ['hmac', 'google_ads'] as const) {
      const shop = await aReceiver(admin, scheme);
      const deep = (levels: number) =>
        `{"lead_id":"${levels}","a":${'['.repeat(levels)}${']'.repeat(levels)}}`;
      for (const levels of [64, 400_000]) {
        expectProblem(
          await deliver(test, shop, { body: deep(levels), id: 'evt_deep' }),
          400,
          'MALFORMED_BODY',
        );
      }
      // A stranger learns nothing of it.
      expectProblem(
        await deliver(test, shop, { body: deep(64), secret: `whsec_${'B'.repeat(32)}` }),
        401,
        'UNAUTHENTICATED',
      );
      expect((await deliver(test, shop, { body: deep(63), id: 'evt_deep' })).body.duplicate).toBe(false);
      expect((await deliver(test, shop, { body: '{"lead_id":"after"}' })).status).toBe(200);
      expect(await items(key, `?integrationId=${shop.id}`)).toMatchObject([
        { payloadFormat: 'json' },
        { payloadFormat: 'json' },
      ]);
      const failures = pageOf(await admin.client.get(`/integrations/${shop.id}/webhook-failures`)).items;
      expect(failures).toContainEqual(expect.objectContaining({ reason: 'too_deep' }));
    }
  });

  it('and an earlier version kept too deep, or nobody can decrypt, hides nothing [F-3] [F-14]', async () => {
    const { key } = await aServiceKey(admin, ['webhooks:read']);
    const shop = await aReceiver(admin);
    for (let order = 1; order <= 3; order += 1) await deliver(test, shop, { body: `{"order":${order}}` });
    const before = await items(key);
    const [deep, broken] = before.map(({ id }) => id as string);
    const payload = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    await test.database.client.webhookEvent.update({
      where: { id: deep!, organizationId: admin.organizationId },
      data: { payload },
    });
    await test.database.client.$executeRaw`
      UPDATE benteng.webhook_events SET payload = 'v1:k9:AAAA' WHERE id = ${broken}::uuid`;
    expect(await items(key)).toMatchObject([
      { payloadFormat: 'text', payload, payloadText: payload },
      { id: broken, payloadFormat: 'unreadable', payload: null, payloadText: null },
      { payloadFormat: 'json', payload: { order: 3 } },
    ]);
    expect(pageOf(await admin.client.get(`/integrations/${shop.id}/webhook-events`)).items).toHaveLength(3);
    await test.app.get(Jobs).runNow('alert delivery');
    const alerts = pageOf(await admin.client.get('/audit/alerts?kind=decrypt_failure')).items;
    expect(alerts).toMatchObject([{ details: { rowId: broken, reason: 'unknown_key' } }]);
    const acknowledged = await test
      .client()
      .post('/internal/webhook-events/acknowledge', { ids: [broken] }, { 'X-Service-Key': key });
    expect(acknowledged.body).toEqual({ acknowledged: 1 });
  });

  it('comes in pages that end before they are too large, and say that there is more [F-3]', async () => {
    const { key } = await aServiceKey(admin, ['webhooks:read']);
    const shop = await aReceiver(admin, 'tiktok');
    for (let order = 1; order <= 9; order += 1)
      await deliver(test, shop, { body: JSON.stringify({ order, fill: 'x'.repeat(900_000) }) });
    const orders: number[] = [];
    const sizes: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const response = await pull(key, `?limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`);
      const page = pageOf(response);
      orders.push(...page.items.map(({ payload }) => (payload as { order: number }).order));
      sizes.push(response.text.length);
      cursor = page.nextCursor;
    }
    expect(orders).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(sizes).toHaveLength(3);
    expect(Math.max(...sizes)).toBeLessThan(9_000_000);
  });

  it('as google-ads is handed over without the key, which is the secret itself [F-27]', async () => {
    const { key } = await aServiceKey(admin, ['webhooks:read']);
    const shop = await aReceiver(admin, 'google_ads', 'the key of the form');
    const send = (body: string) =>
      test.client().post(`/webhooks/${shop.id}`, Buffer.from(body), { 'Content-Type': 'application/json' });
    const bodies = {
      '{"google_key":"the key of the form"}': '{}',
      '{ "google_key" : "the key of the form" , "lead_id": 1 }': '{ "lead_id": 1 }',
      '{"lead_id":2,"a":[{"google_key":"other"}],"google\\u005fkey":"the\\u0020key of the form"}':
        '{"lead_id":2,"a":[{}]}',
      '{"a":{"google_key":"the key of the form"},"lead_id":4,"google_key":"the key of the form"}':
        '{"a":{},"lead_id":4}',
      '{"lead_id":3,\n"google_key":"the key of the form",\n"z":"}"}': '{"lead_id":3,\n"z":"}"}',
    };
    for (const body of Object.keys(bodies)) expect((await send(body)).status).toBe(200);
    expect((await items(key)).map(({ payloadText }) => payloadText)).toEqual(Object.values(bodies));
    expect((await pull(key)).text).not.toContain('the key');
    const kept = await test.database.client.webhookEvent.findMany({ where: { integrationId: shop.id } });
    expect(JSON.stringify(kept)).not.toContain('the key');
    // What an earlier version kept with the key.
    await test.database.client.webhookEvent.update({
      where: { id: kept[0]!.id, organizationId: admin.organizationId },
      data: { payload: '{"google_key":"the key of the form","google_key":"the key","lead_id":9}' },
    });
    await admin.client.patch(`/integrations/${shop.id}`, { webhookScheme: 'hmac' });
    expect((await items(key)).map(({ payload }) => payload)).toContainEqual({ lead_id: 9 });
    expect((await pull(key)).text).not.toContain('the key');
  });

  it('has one meaning: no id, time or key is read in two ways [F-28]', async () => {
    const seconds = Math.floor(test.clock.now().getTime() / 1000);
    const mac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text);
    const post = (receiver: Receiver, body: string, headers: Record<string, string | string[]>) =>
      test.client().post(`/webhooks/${receiver.id}`, Buffer.from(body), headers as Record<string, string>);
    const standard = await aReceiver(admin);
    const bytes = Buffer.from(standard.secret.slice('whsec_'.length), 'base64');
    // One signed text, cut in two ways: neither is taken.
    const signed = mac(bytes, `a.${seconds}.${seconds}.{}`).digest('base64');
    const cut = (id: string | string[]) => ({
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': `v1,${signed}`,
    });
    expectProblem(await post(standard, '{}', cut(`a.${seconds}`)), 401, 'UNAUTHENTICATED');
    expect((await post(standard, `${seconds}.{}`, cut('a'))).status).toBe(200);
    for (const id of ['ä', '.', 'a.', ' ']) {
      const signature = mac(bytes, `${id}.${seconds}.{}`).digest('base64');
      const headers = { ...cut(id), 'webhook-signature': `v1,${signature}` };
      expectProblem(await post(standard, '{}', headers), 401, 'UNAUTHENTICATED');
    }
    const twice = {
      ...cut(['b', 'b']),
      'webhook-signature': `v1,${mac(bytes, `b, b.${seconds}.{}`).digest('base64')}`,
    };
    expectProblem(await post(standard, '{}', twice), 401, 'UNAUTHENTICATED');

    const plain = await aReceiver(admin, 'hmac', 'plain secret');
    const hex = (text: string) => mac('plain secret', text).digest('hex');
    const both = hex(`${seconds}.${seconds}.{}`);
    const at = { 'X-Signature-Timestamp': String(seconds) };
    expectProblem(await post(plain, `${seconds}.{}`, { ...at, 'X-Signature': both }), 401, 'UNAUTHENTICATED');
    expect(
      (await post(plain, '{}', { ...at, 'X-Signature': both, 'X-Event-Id': String(seconds) })).status,
    ).toBe(200);
    const dotted = { ...at, 'X-Signature': hex(`a.b.${seconds}.{}`), 'X-Event-Id': 'a.b' };
    expectProblem(await post(plain, '{}', dotted), 401, 'UNAUTHENTICATED');
    const twoIds = { ...at, 'X-Signature': hex(`${seconds}.{}`), 'X-Event-Id': ['', ''] };
    expect((await post(plain, '{}', twoIds)).status).toBe(200);
    const someIds = { ...at, 'X-Signature': hex(`${seconds}.{}`), 'X-Event-Id': ['a', ''] };
    expectProblem(await post(plain, '{}', someIds), 401, 'UNAUTHENTICATED');

    const tiktok = await aReceiver(admin, 'tiktok', 'plain secret');
    const stamp = `t=${seconds},s=${hex(`${seconds}.{}`)}`;
    expectProblem(await post(tiktok, '{}', { 'TikTok-Signature': [stamp, stamp] }), 401, 'UNAUTHENTICATED');
    expect((await post(tiktok, '{}', { 'TikTok-Signature': stamp })).status).toBe(200);

    // A given id that looks like the digest of another event is another event; a name that stands twice is none.
    const scalev = await aReceiver(admin, 'scalev');
    const body = '{"order":5}';
    const digest = createHash('sha256').update(body).digest('hex');
    await deliver(test, scalev, { body });
    expect((await deliver(test, scalev, { body: `{"unique_id":"${digest}"}` })).body.duplicate).toBe(false);
    const ads = await aReceiver(admin, 'google_ads', 'key');
    const named = (receiver: Receiver, text: string) => deliver(test, receiver, { body: text });
    expectProblem(await named(scalev, '{"unique_id":1,"unique_id":2}'), 400, 'MALFORMED_BODY');
    expectProblem(await named(ads, '{"lead_id":1,"lead\\u005fid":2}'), 400, 'MALFORMED_BODY');
    expectProblem(
      await post(ads, '{"google_key":"x","google_key":"key","lead_id":3}', {}),
      401,
      'UNAUTHENTICATED',
    );
  });

  it('as standard may come under the older names of its headers [F-66]', async () => {
    const shop = await aReceiver(admin);
    const at = test.clock.now();
    const signature = new Webhook(shop.secret).sign('msg_svix', at, '{}');
    const timestamp = String(Math.floor(at.getTime() / 1000));
    const send = (headers: Record<string, string>) =>
      test.client().post(`/webhooks/${shop.id}`, Buffer.from('{}'), headers);
    const svix = { 'svix-id': 'msg_svix', 'svix-timestamp': timestamp, 'svix-signature': signature };
    expect((await send(svix)).body).toEqual({ received: true, duplicate: false });
    const names = {
      'webhook-id': 'msg_svix',
      'webhook-timestamp': timestamp,
      'webhook-signature': signature,
    };
    expect((await send(names)).body).toEqual({ received: true, duplicate: true });
    expectProblem(await send({ ...svix, 'webhook-id': 'msg_svix' }), 401, 'UNAUTHENTICATED');
    expectProblem(await send({ ...svix, 'svix-id': 'msg_other' }), 401, 'UNAUTHENTICATED');
  });

  it('is refused while no secret of its integration can be decrypted [F-14]', async () => {
    const shop = await aReceiver(admin);
    await test.database.client.$executeRaw`
      UPDATE benteng.integrations SET webhook_secret = 'v1:k9:AAAA' WHERE id = ${shop.id}::uuid`;
    expectProblem(await deliver(test, shop), 401, 'UNAUTHENTICATED');
    const failures = pageOf(await admin.client.get(`/integrations/${shop.id}/webhook-failures`)).items;
    expect(failures).toMatchObject([{ reason: 'unreadable_secret' }]);
    await admin.client.patch(`/integrations/${shop.id}`, { webhookSecret: shop.secret });
    expect((await deliver(test, shop)).status).toBe(200);
  });

  it('is taken whole or refused in words, whatever a platform signs and however it is sent [F-2] [F-3] [F-28]', async () => {
    const { key } = await aServiceKey(admin, ['webhooks:read']);
    const receivers = await Promise.all(SCHEMES.map((scheme) => aReceiver(admin, scheme)));
    const taken = new Map<string, string>();
    const pieces = [
      '{"lead_id":',
      '{"unique_id":',
      '{"a":',
      '[',
      ']',
      '}',
      ',',
      '"lead_id":9',
      '"__proto__":1',
      'null',
      '""',
      '576461413038785792',
      '-1e999',
      '1.',
      '00',
      '"\\ud800"',
      '"\\u0000"',
      '\ufeff',
      '\0',
      '💣',
      ' ',
      '\r\n',
      '"',
      '1700000000.',
      '.',
      '['.repeat(71),
      ']'.repeat(71),
    ];
    const piece = fc.constantFrom(...pieces);
    const text = fc.array(piece, { maxLength: 12 }).map((parts) => Buffer.from(parts.join('')));
    const body = fc.oneof(
      text,
      fc.json().map((json) => Buffer.from(json)),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    );
    const id = fc.oneof(
      fc.string({ minLength: 1, maxLength: 300, unit: fc.constantFrom(...'abz019._- ,;"{}%') }),
      fc.constantFrom(
        '1700000000',
        'a.b',
        '..',
        'f'.repeat(64),
        '__proto__',
        'x'.repeat(4000),
        '\u00e9',
        '\t',
      ),
    );
    const more = fc.dictionary(
      fc.constantFrom(
        'Content-Type',
        'Content-Encoding',
        'svix-id',
        'X-Event-Id',
        'Accept',
        'Expect-CT',
        'X-HTTP-Method',
      ),
      fc.constantFrom(
        '',
        'gzip',
        'application/json; charset=utf-16',
        'multipart/form-data',
        'a.b',
        '\u00ff',
        'x'.repeat(3000),
      ),
      { maxKeys: 2 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...receivers),
        body,
        id,
        more,
        async (receiver, bytes, eventId, headers) => {
          // What google-ads cannot sign, nobody sends.
          if (receiver.scheme === 'google_ads' && !/^\s*\{/.test(String(bytes))) return;
          const response = await deliver(test, receiver, { body: bytes, id: eventId, headers }).catch(
            (error: unknown) => error as Error,
          );
          if (response instanceof Error) {
            // Refused on this side: no header can hold such a value, or it is no JSON to put a key into.
            expect(response.message).toMatch(/invalid character|JSON object/i);
            return;
          }
          if (response.status !== 200) {
            const { code } = response.body as { code: string };
            expectProblem(response, code === 'MALFORMED_BODY' ? 400 : 401, code);
            expect(['MALFORMED_BODY', 'UNAUTHENTICATED']).toContain(code);
          } else if (
            !(response.body as { duplicate: boolean }).duplicate &&
            receiver.scheme !== 'google_ads'
          ) {
            taken.set(`${receiver.id} ${taken.size}`, bytes.toString('base64'));
          }
        },
      ),
      { seed: 13, numRuns: 300 },
    );
    const events: Record<string, unknown>[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = pageOf(await pull(key, `?limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`));
      events.push(...page.items);
      cursor = page.nextCursor;
    }
    const signed = events.filter(({ provider }) => provider !== 'GOOGLE_ADS');
    const bytesOf = ({ payload, payloadText }: Record<string, unknown>) =>
      payloadText === null ? (payload as string) : Buffer.from(payloadText as string).toString('base64');
    expect(signed.map(bytesOf)).toEqual([...taken.values()]);
    expect(taken.size).toBeGreaterThan(100);
    expect(test.logLines.filter((line) => line.includes('"level":50'))).toEqual([]);
  });
});

describe('events of webhooks', () => {
  it('go to services oldest first, page by page, each until that service acknowledged it', async () => {
    const shop = await aReceiver(admin);
    const other = await aReceiver(admin, 'hmac');
    for (let order = 1; order <= 5; order += 1) await deliver(test, shop, { body: `{"order":${order}}` });
    await deliver(test, other, { body: '{"order":6}' });
    const one = await aServiceKey(admin, ['webhooks:read']);
    const two = await aServiceKey(admin, ['webhooks:read']);
    const orders = (items: object[]) =>
      items.map((item) => (item as { payload: { order: number } }).payload.order);
    const first = pageOf(await pull(one.key, `?integrationId=${shop.id}&limit=2`));
    expect(orders(first.items)).toEqual([1, 2]);
    const second = pageOf(
      await pull(one.key, `?integrationId=${shop.id}&limit=2&cursor=${first.nextCursor}`),
    );
    expect(orders(second.items)).toEqual([3, 4]);
    expect(orders(pageOf(await pull(one.key)).items)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(first.items[0]).toEqual({
      id: expect.any(String),
      integrationId: shop.id,
      provider: 'CUSTOM',
      eventId: expect.stringMatching(/^evt_/),
      sentAt: expect.any(String),
      receivedAt: test.clock.now().toISOString(),
      replayedAt: null,
      contentType: 'application/json',
      payloadFormat: 'json',
      payloadText: '{"order":1}',
      payload: { order: 1 },
    });
    const ids = [...first.items, ...second.items].map((item) => (item as { id: string }).id);
    const acknowledge = (key: string, list: unknown) =>
      test.client().post('/internal/webhook-events/acknowledge', { ids: list }, { 'X-Service-Key': key });
    const foreign = await aServiceKey(await aSignedInAdmin(test), ['webhooks:read']);
    expect((await acknowledge(foreign.key, ids)).body).toEqual({ acknowledged: 0 });
    expect((await acknowledge(one.key, ids)).body).toEqual({ acknowledged: 4 });
    expect((await acknowledge(one.key, ids)).body).toEqual({ acknowledged: 0 });
    expect(orders(pageOf(await pull(one.key)).items)).toEqual([5, 6]);
    expect(orders(pageOf(await pull(two.key)).items)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(pageOf(await pull(foreign.key)).items).toEqual([]);
    expectProblem(await pull(foreign.key, `?integrationId=${shop.id}`), 404, 'NOT_FOUND');

    const replay = `/integrations/${shop.id}/webhook-events/${ids[0]}/replay`;
    expect((await admin.client.post(replay)).status).toBe(204);
    expect(orders(pageOf(await pull(one.key)).items)).toEqual([1, 5, 6]);
    expectProblem(
      await admin.client.post(`/integrations/${other.id}/webhook-events/${ids[0]}/replay`),
      404,
      'NOT_FOUND',
    );
  });

  it('are shown to administrators without their payload', async () => {
    const shop = await aReceiver(admin);
    for (let order = 1; order <= 3; order += 1)
      await deliver(test, shop, { body: `{"order":${order},"name":"Sri"}` });
    const list = pageOf(await admin.client.get(`/integrations/${shop.id}/webhook-events?limit=2`));
    expect(list.items).toHaveLength(2);
    expect(JSON.stringify(list)).not.toContain('Sri');
    const rest = pageOf(
      await admin.client.get(`/integrations/${shop.id}/webhook-events?cursor=${list.nextCursor}`),
    );
    expect(rest).toMatchObject({ items: [{ bytes: 24, contentType: 'application/json' }], nextCursor: null });
    const user = await aSignedInUser(test, { organizationId: admin.organizationId });
    expectProblem(await user.client.get(`/integrations/${shop.id}/webhook-events`), 403, 'FORBIDDEN');
    const stranger = await aSignedInAdmin(test);
    expectProblem(await stranger.client.get(`/integrations/${shop.id}/webhook-events`), 404, 'NOT_FOUND');
  });
});

describe('refused webhooks', () => {
  it('are counted for administrators, and raise an alert when there are many', async () => {
    const shop = await aReceiver(admin);
    const client = test.client();
    for (let count = 0; count < 12; count += 1) await deliver(test, shop, { secret: 'whsec_AAAA', client });
    await deliver(test, shop, { seconds: -500, client });
    const path = `/integrations/${shop.id}/webhook-failures`;
    const { items } = pageOf(await admin.client.get(path));
    expect(items).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ reason: 'wrong_signature', occurrences: 12, ipAddress: client.address }),
        expect.objectContaining({ reason: 'wrong_time', occurrences: 1 }),
      ]),
    );
    const stranger = await aSignedInAdmin(test);
    expectProblem(await stranger.client.get(path), 404, 'NOT_FOUND');
    let alerts: object[] = [];
    for (let tries = 0; tries < 50 && alerts.length === 0; tries += 1) {
      alerts = pageOf(await admin.client.get('/audit/alerts?kind=webhook_signature_failures')).items;
    }
    expect(alerts).toMatchObject([{ severity: 'medium', details: { integrationId: shop.id, failures: 10 } }]);
  });
});

describe('refused webhooks while the database cannot take them', () => {
  it('are counted on, and written together later', async () => {
    const shop = await aReceiver(admin);
    const client = test.client();
    const refuse = async (times: number): Promise<void> => {
      for (let count = 0; count < times; count += 1)
        await deliver(test, shop, { secret: 'whsec_AAAA', client });
    };
    const database = test.app.get(Database);
    const run = database.run.bind(database);
    const spy = jest.spyOn(database, 'run').mockImplementation(async (statement, parameters, tx) => {
      // Another one comes while the statement is under way.
      if (statement.name === 'keep_webhook_failures') {
        await refuse(1);
        throw new Error('gone');
      }
      return run(statement, parameters, tx);
    });
    await refuse(3);
    await test.app.get(WebhookFailures).flush();
    spy.mockRestore();
    await refuse(2);
    const { items } = pageOf(await admin.client.get(`/integrations/${shop.id}/webhook-failures`));
    expect(items).toMatchObject([{ reason: 'wrong_signature', occurrences: 6 }]);
  });
});

describe('a blocked address', () => {
  it('reaches the integrations of that organization no more, for a while [L-6.2]', async () => {
    const shop = await aReceiver(admin);
    const elsewhere = await aReceiver(await aSignedInAdmin(test));
    const client = test.client();
    const response = await admin.client.post('/admin/blocked-addresses', {
      address: `${client.address.split('.').slice(0, 3).join('.')}.0/24`,
      seconds: 3600,
      reason: 'floods us',
    });
    expect(response.status).toBe(201);
    expectProblem(await deliver(test, shop, { client }), 401, 'UNAUTHENTICATED');
    expect((await deliver(test, elsewhere, { client })).status).toBe(200);
    expect(pageOf(await admin.client.get('/admin/blocked-addresses')).items).toEqual([response.body]);
    test.clock.advanceSeconds(3601);
    admin = await aSignedInAdmin(test, { organizationId: admin.organizationId });
    expect((await deliver(test, shop, { client })).status).toBe(200);
    const again = await admin.client.post('/admin/blocked-addresses', {
      address: client.address,
      reason: 'x',
    });
    expectProblem(await deliver(test, shop, { client }), 401, 'UNAUTHENTICATED');
    const { id } = again.body as { id: string };
    expectProblem(
      await (await aSignedInAdmin(test)).client.delete(`/admin/blocked-addresses/${id}`),
      404,
      'NOT_FOUND',
    );
    expect((await admin.client.delete(`/admin/blocked-addresses/${id}`)).status).toBe(204);
    expect((await deliver(test, shop, { client })).status).toBe(200);
  });
});

describe('webhooks from one address', () => {
  it('are limited [L-S4] [L-7]', async () => {
    const limited = await startTestApp({ environment: { ...MEMORY_COUNTERS } });
    try {
      const shop = await aReceiver(await aSignedInAdmin(limited));
      const client = limited.client();
      const statuses: number[] = [];
      for (let count = 0; count < 121; count += 1)
        statuses.push((await deliver(limited, shop, { client })).status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(120);
      expectProblem(await deliver(limited, shop, { client }), 429, 'RATE_LIMITED');
      expect((await deliver(limited, shop)).status).toBe(200);
    } finally {
      await limited.close();
    }
  });
});
