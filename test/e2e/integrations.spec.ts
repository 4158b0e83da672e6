import { Database } from '../../src/platform/database/database.js';
import { aSignedInAdmin, aSignedInUser, type SignedIn } from '../factories/people.js';
import { form, FORM_TYPE } from '../factories/forms.js';
import { aServiceKey } from '../factories/service-keys.js';
import { aWorkbook } from '../factories/workbooks.js';
import { Jobs } from '../../src/platform/jobs/jobs.js';
import { pageOf } from '../support/pages.js';
import { expectProblem } from '../support/problems.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const SECRETS = {
  accessToken: 'access-token-of-the-shop-1234',
  refreshToken: 'refresh-token-of-the-shop-5678',
  apiKey: 'short-key',
  webhookSecret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
};
const CONFIG = { shopId: '7495', region: { code: 'ID', warehouses: [1, 2] }, set: true };

interface Shown {
  id: string;
  credentials: Record<string, { set: boolean; hint: string | null; updatedAt: string | null }>;
}

describe('integrations', () => {
  let test: TestApp;
  let admin: SignedIn;
  beforeAll(async () => {
    test = await startTestApp({ environment: NO_LIMITS });
  });
  beforeEach(async () => {
    admin = await aSignedInAdmin(test);
  });
  afterAll(() => test.close());

  const create = async (more: object = {}): Promise<Shown> => {
    const response = await admin.client.post('/integrations', {
      provider: 'TIKTOK_SHOP',
      label: 'Toko Sejahtera',
      ...SECRETS,
      config: CONFIG,
      ...more,
    });
    expect(response.status).toBe(201);
    return response.body as Shown;
  };
  const rawText = async (): Promise<string> => {
    const rows = await test.database.client.$queryRaw<{ row: string }[]>`
      SELECT to_jsonb(i)::text AS row FROM benteng.integrations i
      UNION ALL SELECT to_jsonb(e)::text FROM benteng.security_events e`;
    return rows.map(({ row }) => row).join('\n');
  };

  it('keep what opens a platform, and show none of it [L-S1.1] [D-4]', async () => {
    const shown = await create({ tokenExpiresAt: '2030-01-31T08:00:00.000Z' });
    const at = test.clock.now().toISOString();
    expect(shown).toEqual({
      id: expect.any(String),
      provider: 'TIKTOK_SHOP',
      label: 'Toko Sejahtera',
      status: 'ACTIVE',
      webhookScheme: 'tiktok',
      credentials: {
        accessToken: { set: true, hint: '••••1234', updatedAt: at },
        refreshToken: { set: true, hint: '••••5678', updatedAt: at },
        apiKey: { set: true, hint: null, updatedAt: at },
        webhookSecret: { set: true, hint: '••••LaSw', updatedAt: at },
      },
      previousWebhookSecretExpiresAt: null,
      config: ['shopId', 'region', 'set'],
      tokenExpiresAt: '2030-01-31T08:00:00.000Z',
      createdAt: at,
      updatedAt: expect.any(String),
    });
    const user = await aSignedInUser(test, { organizationId: admin.organizationId });
    expect((await user.client.get(`/integrations/${shown.id}`)).body).toEqual(shown);
    expect(pageOf(await user.client.get('/integrations')).items).toEqual([shown]);
    const kept = (await rawText()) + test.logLines.join('');
    for (const secret of [...Object.values(SECRETS), '7495', 'warehouses'])
      expect(kept).not.toContain(secret);
    expect(await rawText()).toContain('"config": "v1:');
  });

  it('hand the plaintext to a service, and leave a trace of each read [A-3]', async () => {
    const { id } = await create();
    const { key, id: keyId } = await aServiceKey(admin, ['credentials:read']);
    const read = (query: string, headers: Record<string, string> = { 'X-Service-Key': key }) =>
      test.client().get(`/internal/integrations/${id}/credentials${query}`, headers);
    const response = await read('?purpose=settlement%20import');
    expect(response.status).toBe(200);
    expect(response.body).toEqual({
      integrationId: id,
      provider: 'TIKTOK_SHOP',
      ...SECRETS,
      config: CONFIG,
      tokenExpiresAt: null,
    });
    const trail = await test.database.client.securityEvent.findMany({
      where: { targetId: id, action: 'credentials.read' },
    });
    expect(trail).toMatchObject([
      { actorId: keyId, details: { purpose: 'settlement import' }, ipAddress: expect.any(String) },
    ]);
    expectProblem(await read(''), 400, 'VALIDATION_FAILED');
    expectProblem(await read('?purpose='), 400, 'VALIDATION_FAILED');
    expectProblem(
      await read('?purpose=x', { Authorization: `Bearer ${admin.client.accessToken}` }),
      401,
      'UNAUTHENTICATED',
    );
    const stranger = await aServiceKey(await aSignedInAdmin(test), ['credentials:read']);
    expectProblem(await read('?purpose=x', { 'X-Service-Key': stranger.key }), 404, 'NOT_FOUND');
    await admin.client.patch(`/integrations/${id}`, { status: 'DISABLED' });
    expectProblem(await read('?purpose=x'), 409, 'CONFLICT');
  });

  it('hand out nothing when the trace cannot be written', async () => {
    const { id } = await create();
    const { key } = await aServiceKey(admin, ['credentials:read']);
    const run = test.app.get(Database).run.bind(test.app.get(Database));
    jest.spyOn(test.app.get(Database), 'run').mockImplementation(async (statement, parameters, tx) => {
      if (statement.name === 'append_event') throw new Error('the trail is full');
      return run(statement, parameters, tx);
    });
    const response = await test
      .client()
      .get(`/internal/integrations/${id}/credentials?purpose=x`, { 'X-Service-Key': key });
    jest.restoreAllMocks();
    expectProblem(response, 500, 'INTERNAL');
    expect(response.text).not.toContain(SECRETS.accessToken);
  });

  it('change in part; a new webhook secret leaves the old one working for a while', async () => {
    const { id, credentials } = await create();
    test.clock.advanceSeconds(60);
    const now = test.clock.now();
    const { body } = await admin.client.patch(`/integrations/${id}`, {
      label: 'Toko Baru',
      webhookSecret: 'whsec_AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHH',
      webhookSecretOverlapSeconds: 3600,
    });
    expect(body).toMatchObject({
      label: 'Toko Baru',
      credentials: {
        accessToken: credentials['accessToken'],
        webhookSecret: { hint: '••••HHHH', updatedAt: now.toISOString() },
      },
      previousWebhookSecretExpiresAt: new Date(now.getTime() + 3_600_000).toISOString(),
      config: ['shopId', 'region', 'set'],
    });
    const row = await test.database.client.integration.findUniqueOrThrow({ where: { id } });
    expect(row).toMatchObject({
      previousWebhookSecret: SECRETS.webhookSecret,
      accessToken: SECRETS.accessToken,
    });
    const trail = await test.database.client.securityEvent.findMany({
      where: { targetId: id, action: 'integration.updated' },
    });
    expect(trail.map(({ details }) => details)).toEqual([{ fields: ['label', 'webhookSecret'] }]);
  });

  it('that cannot be decrypted are shown as such, hide no others, and can be set right [F-14]', async () => {
    const fine = await create();
    const { id } = await create();
    const { key } = await aServiceKey(admin, ['credentials:read']);
    await test.database.client.$executeRaw`
      UPDATE benteng.integrations
      SET access_token = 'v1:k9:AAAA', webhook_secret = 'v1:k9:AAAA', config = '{"shopId": "7495"}'
      WHERE id = ${id}::uuid`;
    const unreadable = ['accessToken', 'webhookSecret', 'config'];
    const shown = pageOf(await admin.client.get('/integrations')).items;
    expect(shown).toMatchObject([{ id, unreadable, config: [] }, { id: fine.id }]);
    expect(shown[1]).toEqual(fine);
    expect(shown[0]).toMatchObject({
      credentials: { accessToken: { set: true, hint: null }, refreshToken: { set: true, hint: '••••5678' } },
    });
    expect((await admin.client.get(`/integrations/${id}`)).body).toMatchObject({ unreadable });
    const read = () =>
      test.client().get(`/internal/integrations/${id}/credentials?purpose=x`, { 'X-Service-Key': key });
    expectProblem(await read(), 409, 'CONFLICT');
    await test.app.get(Jobs).runNow('alert delivery');
    const alerts = pageOf(await admin.client.get('/audit/alerts?kind=decrypt_failure')).items;
    expect(alerts.map(({ details }) => (details as { column: string }).column).toSorted()).toEqual([
      'access_token',
      'config',
      'webhook_secret',
    ]);
    const label = await admin.client.patch(`/integrations/${id}`, { label: 'Named anew' });
    expect(label.body).toMatchObject({ label: 'Named anew', unreadable });
    const { webhookSecret, accessToken } = SECRETS;
    const patched = await admin.client.patch(`/integrations/${id}`, {
      webhookSecret,
      accessToken,
      config: CONFIG,
    });
    expect(patched.status).toBe(200);
    expect(patched.body).not.toHaveProperty('unreadable');
    expect(patched.body).toMatchObject({ previousWebhookSecretExpiresAt: null });
    expect((await read()).body).toMatchObject({ ...SECRETS, config: CONFIG });
    await test.database.client.$executeRaw`
      UPDATE benteng.integrations SET api_key = 'v1:k9:AAAA' WHERE id = ${id}::uuid`;
    expect((await admin.client.delete(`/integrations/${id}`)).status).toBe(204);
  });

  it('keep their workbooks where one row cannot be decrypted: a sentence, and no fault of ours [F-14]', async () => {
    const { id } = await create();
    const file = form([{ name: 'orders.xlsx', content: aWorkbook([['a']]) }]);
    const upload = await admin.client.post(`/integrations/${id}/imports`, file, {
      'Content-Type': FORM_TYPE,
    });
    expect(upload.status).toBe(201);
    const path = `/integrations/${id}/imports/${(upload.body as { id: string }).id}`;
    await test.database.client.$executeRaw`UPDATE benteng.import_chunks SET rows = 'v1:k9:AAAA'`;
    await test.database.client.$executeRaw`UPDATE benteng.import_parts SET content = 'v1:k9:AAAA'`;
    expectProblem(await admin.client.get(`${path}/rows`), 409, 'CONFLICT');
    expectProblem(await admin.client.get(`${path}/file`), 409, 'CONFLICT');
    expect(pageOf(await admin.client.get(`/integrations/${id}/imports`)).items).toHaveLength(1);
    await test.app.get(Jobs).runNow('alert delivery');
    expect(pageOf(await admin.client.get('/audit/alerts?kind=decrypt_failure')).items).toHaveLength(2);
    expect((await admin.client.delete(path)).status).toBe(204);
  });

  it('take no webhook secret that their scheme cannot use [F-37]', async () => {
    const custom = { provider: 'CUSTOM', label: 'x' };
    for (const webhookSecret of [
      'whsec_',
      '!!!',
      'whsec_!!!',
      'whsec_AAAA',
      'whsec_ AAAABBBBCCCCDDDDEEEEFFFF',
      'plain secret, long enough',
    ]) {
      const response = await admin.client.post('/integrations', { ...custom, webhookSecret });
      expectProblem(response, 400, 'VALIDATION_FAILED');
      expect(response.body.errors).toMatchObject([
        { field: 'webhookSecret', code: 'wrong_form', message: expect.stringContaining('whsec_') },
      ]);
    }
    const { id } = await create({ ...custom, webhookScheme: 'hmac', webhookSecret: 'plain secret' });
    const change = (input: object) => admin.client.patch(`/integrations/${id}`, input);
    expectProblem(await change({ webhookScheme: 'standard' }), 400, 'VALIDATION_FAILED');
    expect((await change({ webhookScheme: 'standard', webhookSecret: SECRETS.webhookSecret })).status).toBe(
      200,
    );
    expectProblem(await change({ webhookSecret: '!!!' }), 400, 'VALIDATION_FAILED');
    expect((await change({ webhookScheme: 'hmac', webhookSecret: '!!!' })).status).toBe(200);
  });

  it('go with all their secrets when they are deleted', async () => {
    const { id } = await create();
    expect((await admin.client.delete(`/integrations/${id}`)).status).toBe(204);
    expectProblem(await admin.client.get(`/integrations/${id}`), 404, 'NOT_FOUND');
    expectProblem(await admin.client.delete(`/integrations/${id}`), 404, 'NOT_FOUND');
    expect(await test.database.client.integration.count({ where: { id } })).toBe(0);
  });

  it('are one organization’s own [L-0.1]', async () => {
    const { id } = await create();
    const stranger = await aSignedInAdmin(test);
    expect(pageOf(await stranger.client.get('/integrations')).items).toEqual([]);
    for (const response of [
      await stranger.client.get(`/integrations/${id}`),
      await stranger.client.patch(`/integrations/${id}`, { label: 'mine' }),
      await stranger.client.delete(`/integrations/${id}`),
    ])
      expectProblem(response, 404, 'NOT_FOUND');
    const user = await aSignedInUser(test, { organizationId: admin.organizationId });
    expectProblem(await user.client.patch(`/integrations/${id}`, { label: 'x' }), 403, 'FORBIDDEN');
    expectProblem(
      await user.client.post('/integrations', { provider: 'CUSTOM', label: 'x' }),
      403,
      'FORBIDDEN',
    );
  });

  it('are listed in pages, by provider and by status', async () => {
    const ids: string[] = [];
    for (const provider of ['CUSTOM', 'SCALEV', 'CUSTOM']) ids.unshift((await create({ provider })).id);
    await admin.client.patch(`/integrations/${ids[0]}`, { status: 'DISABLED' });
    const idsOf = (query: string) =>
      admin.client
        .get(`/integrations${query}`)
        .then((response) => pageOf(response).items.map(({ id }) => id));
    expect(await idsOf('?provider=CUSTOM')).toEqual([ids[0], ids[2]]);
    expect(await idsOf('?status=DISABLED')).toEqual([ids[0]]);
    const first = pageOf(await admin.client.get('/integrations?limit=2'));
    expect(await idsOf(`?limit=2&cursor=${first.nextCursor}`)).toEqual([ids[2]]);
  });

  it.each([
    ['no provider', { label: 'x' }],
    ['an unknown provider', { provider: 'SHOPEE', label: 'x' }],
    ['no label', { provider: 'CUSTOM' }],
    ['a null secret', { provider: 'CUSTOM', label: 'x', apiKey: null }],
    ['an empty secret', { provider: 'CUSTOM', label: 'x', apiKey: '' }],
    ['a secret of a wrong type', { provider: 'CUSTOM', label: 'x', apiKey: 1 }],
    ['a list as config', { provider: 'CUSTOM', label: 'x', config: [] }],
    [
      'a number in config that lost digits [F-2]',
      { provider: 'CUSTOM', label: 'x', config: { a: [2 ** 53] } },
    ],
    ['text as config', { provider: 'CUSTOM', label: 'x', config: '{}' }],
    ['an unknown scheme', { provider: 'CUSTOM', label: 'x', webhookScheme: 'google_ads' }],
    ['an unknown field', { provider: 'CUSTOM', label: 'x', secret: 'x' }],
    ['status on creation', { provider: 'CUSTOM', label: 'x', status: 'ACTIVE' }],
  ])('refuse %s', async (_what, body) => {
    expectProblem(await admin.client.post('/integrations', body), 400, 'VALIDATION_FAILED');
  });

  it('take every scheme by its public name', async () => {
    for (const webhookScheme of ['standard', 'tiktok', 'scalev', 'google-ads', 'hmac']) {
      expect(await create({ provider: 'CUSTOM', webhookScheme })).toMatchObject({ webhookScheme });
    }
  });
});
