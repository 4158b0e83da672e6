import { aSignedInAdmin, aSignedInUser, type SignedIn } from '../factories/people.js';
import { aServiceKey } from '../factories/service-keys.js';
import { pageOf } from '../support/pages.js';
import { expectProblem, faultsOf } from '../support/problems.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('service keys', () => {
  let test: TestApp;
  let admin: SignedIn;
  beforeAll(async () => {
    test = await startTestApp({ environment: NO_LIMITS });
  });
  beforeEach(async () => {
    admin = await aSignedInAdmin(test);
  });
  afterAll(() => test.close());

  const introspect = (key: string | undefined, token: string, headers: Record<string, string> = {}) =>
    test.client().post('/internal/tokens/introspect', { token }, { 'X-Service-Key': key, ...headers });

  it('are shown once, stored as a hash, listed with a hint [A-3] [L-S1.3]', async () => {
    const response = await admin.client.post('/service-keys', {
      name: 'Settlement',
      scopes: ['tokens:introspect', 'credentials:read'],
    });
    expect(response.status).toBe(201);
    const { key, id } = response.body as { key: string; id: string };
    expect(key).toMatch(/^btg_[0-9A-Za-z]{49}$/);
    const { items } = pageOf(await admin.client.get('/service-keys'));
    expect(items).toEqual([
      {
        id,
        name: 'Settlement',
        hint: `${key.slice(0, 10)}…`,
        scopes: ['tokens:introspect', 'credentials:read'],
        allowedIps: [],
        expiresAt: null,
        lastUsedAt: null,
        createdBy: admin.id,
        createdAt: expect.any(String),
      },
    ]);
    const rows = await test.database.client
      .$queryRaw`SELECT to_jsonb(k)::text AS row FROM benteng.service_keys k`;
    const trail = await test.database.client.securityEvent.findMany({ where: { targetId: id } });
    expect(trail.map(({ action }) => action)).toEqual(['service_key.created']);
    expect(JSON.stringify(rows) + JSON.stringify(trail[0]!.details) + test.logLines.join('')).not.toContain(
      key,
    );
  });

  it('answer about access tokens as RFC 7662 says [A-2]', async () => {
    const { key } = await aServiceKey(admin, ['tokens:introspect']);
    const user = await aSignedInUser(test, { organizationId: admin.organizationId });
    const live = await introspect(key, user.client.accessToken!);
    expect(live.status).toBe(200);
    expect(live.body).toEqual({
      active: true,
      sub: user.id,
      sid: expect.any(String),
      org: user.organizationId,
      role: 'USER',
      exp: expect.any(Number),
    });
    await user.client.delete('/sessions?keep=none');
    const stranger = await aSignedInUser(test);
    for (const token of [user.client.accessToken!, stranger.client.accessToken!, 'nonsense', key]) {
      const answer = await introspect(key, token);
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({ active: false });
    }
  });

  it('open nothing without the scope, and nothing else than internal routes [A-3] [O-3]', async () => {
    const { key } = await aServiceKey(admin, ['balance:debit']);
    expectProblem(await introspect(key, 'x'), 403, 'FORBIDDEN');
    for (const path of ['/users/me', '/users', '/service-keys', '/integrations']) {
      expectProblem(await test.client().get(path, { 'X-Service-Key': key }), 401, 'UNAUTHENTICATED');
      expectProblem(
        await test.client().get(path, { Authorization: `Bearer ${key}` }),
        401,
        'UNAUTHENTICATED',
      );
    }
  });

  it('are the only thing that opens internal routes: no person’s token does [A-3]', async () => {
    const response = await admin.client.post('/internal/tokens/introspect', { token: 'x' });
    expectProblem(response, 401, 'UNAUTHENTICATED');
    expectProblem(await introspect(admin.client.accessToken, 'x'), 401, 'UNAUTHENTICATED');
  });

  it('are refused alike when wrong, mistyped, expired, from elsewhere or deleted', async () => {
    const { key, id } = await aServiceKey(admin, ['tokens:introspect']);
    const expiresAt = new Date(test.clock.now().getTime() + 60_000).toISOString();
    const expires = await aServiceKey(admin, ['tokens:introspect'], { expiresAt });
    const elsewhere = await aServiceKey(admin, ['tokens:introspect'], {
      allowedIps: ['192.0.2.0/24', '2001:db8::/32'],
    });
    expect((await introspect(expires.key, 'x')).status).toBe(200);
    expect((await introspect(elsewhere.key, 'x', { 'X-Forwarded-For': '192.0.2.77' })).status).toBe(200);
    expect((await introspect(elsewhere.key, 'x', { 'X-Forwarded-For': '::ffff:192.0.2.77' })).status).toBe(
      200,
    );
    test.clock.advanceSeconds(60);
    await admin.client.refresh();
    const stepUp = await admin.client.post('/auth/step-up', { password: admin.password });
    admin.client.accessToken = (stepUp.body as { accessToken: string }).accessToken;
    expect((await admin.client.delete(`/service-keys/${id}`)).status).toBe(204);
    const mistyped = key.slice(0, -1) + (key.endsWith('A') ? 'B' : 'A');
    for (const wrong of [undefined, '', 'btg_', mistyped, key, expires.key, `${expires.key} `]) {
      expectProblem(await introspect(wrong, 'x'), 401, 'UNAUTHENTICATED');
    }
    expectProblem(await introspect(elsewhere.key, 'x'), 401, 'UNAUTHENTICATED');
    expectProblem(await admin.client.delete(`/service-keys/${id}`), 404, 'NOT_FOUND');
  });

  it('[F-21] are refused while their maker is suspended or no administrator, and come back', async () => {
    const other = await aSignedInAdmin(test, { organizationId: admin.organizationId });
    const { key } = await aServiceKey(other, ['tokens:introspect']);
    const status = async () => (await introspect(key, 'x')).status;
    const change = (fields: object) => admin.client.patch(`/users/${other.id}`, fields);
    expect(await status()).toBe(200);
    const states = [
      [{ status: 'SUSPENDED' }, 401],
      [{ status: 'ACTIVE' }, 200],
      [{ role: 'USER' }, 401],
      [{ role: 'ADMIN' }, 200],
    ] as const;
    for (const [fields, expected] of states) {
      expect((await change(fields)).status).toBe(200);
      expect(await status()).toBe(expected);
    }
    // A refused use is no use.
    await change({ status: 'SUSPENDED' });
    const used = async () =>
      (await test.database.client.serviceKey.findFirst({ where: { createdBy: other.id } }))!;
    const { lastUsedAt } = await used();
    test.clock.advanceSeconds(120);
    expectProblem(await introspect(key, 'x'), 401, 'UNAUTHENTICATED');
    expect((await used()).lastUsedAt).toEqual(lastUsedAt);
  });

  it('[F-21] end with the deletion of their maker, each with a trace; those of others stay', async () => {
    const other = await aSignedInAdmin(test, { organizationId: admin.organizationId });
    const keys = [
      await aServiceKey(other, ['tokens:introspect']),
      await aServiceKey(other, ['tokens:introspect'], { name: 'Reports' }),
    ];
    const mine = await aServiceKey(admin, ['tokens:introspect']);
    expect((await admin.client.delete(`/users/${other.id}`)).status).toBe(204);
    for (const { key } of keys) expectProblem(await introspect(key, 'x'), 401, 'UNAUTHENTICATED');
    expect((await introspect(mine.key, 'x')).status).toBe(200);
    expect(pageOf(await admin.client.get('/service-keys')).items.map(({ id }) => id)).toEqual([mine.id]);
    const trail = await test.database.client.securityEvent.findMany({
      where: { action: 'service_key.deleted', targetId: { in: keys.map(({ id }) => id) } },
    });
    expect(trail.map(({ actorId, details }) => [actorId, (details as { because: string }).because])).toEqual([
      [admin.id, 'maker_deleted'],
      [admin.id, 'maker_deleted'],
    ]);
  });

  it('[F-21] of a maker who is gone without a trace open nothing; those that nobody made do', async () => {
    const { id, key } = await aServiceKey(admin, ['tokens:introspect']);
    const makeBy = (createdBy: string | null) =>
      test.database.client.serviceKey.updateMany({ where: { id }, data: { createdBy } });
    await makeBy('01890a5d-ac96-774b-bcce-b302099a8057');
    expectProblem(await introspect(key, 'x'), 401, 'UNAUTHENTICATED');
    const stranger = await aSignedInAdmin(test);
    await makeBy(stranger.id);
    expectProblem(await introspect(key, 'x'), 401, 'UNAUTHENTICATED');
    await makeBy(null);
    expect((await introspect(key, 'x')).status).toBe(200);
  });

  it('live side by side, and their last use is noted to the minute', async () => {
    const keys = [
      await aServiceKey(admin, ['tokens:introspect']),
      await aServiceKey(admin, ['tokens:introspect']),
    ];
    for (const { key } of keys) expect((await introspect(key, 'x')).status).toBe(200);
    const used = test.clock.now().toISOString();
    test.clock.advanceSeconds(59);
    await introspect(keys[0]!.key, 'x');
    const { items } = pageOf(await admin.client.get('/service-keys'));
    expect(items.map(({ lastUsedAt }) => lastUsedAt)).toEqual([used, used]);
  });

  it('are made and ended by administrators with a fresh proof, inside their organization', async () => {
    const { id } = await aServiceKey(admin, ['balance:debit']);
    const stranger = await aSignedInAdmin(test);
    expectProblem(await stranger.client.delete(`/service-keys/${id}`), 404, 'NOT_FOUND');
    expect(pageOf(await stranger.client.get('/service-keys')).items).toEqual([]);
    const user = await aSignedInUser(test, { organizationId: admin.organizationId });
    expectProblem(
      await user.client.post('/service-keys', { name: 'x', scopes: ['balance:debit'] }),
      403,
      'FORBIDDEN',
    );
    test.clock.advanceSeconds(601);
    await admin.client.refresh();
    expectProblem(await admin.client.get('/service-keys'), 403, 'STEP_UP_REQUIRED');
  });

  it('are refused with what is wrong with the request', async () => {
    const bad: [object, string[]][] = [
      [{}, ['name:wrong_form', 'scopes:wrong_form']],
      [{ name: 'x', scopes: [] }, ['scopes:wrong_form']],
      [{ name: 'x', scopes: ['everything'] }, ['scopes:wrong_form']],
      [{ name: 'x', scopes: ['balance:debit', 'balance:debit'] }, ['scopes:wrong_form']],
      [{ name: 'x', scopes: 'balance:debit' }, ['scopes:wrong_form']],
      [{ name: 'x', scopes: ['balance:debit'], expiresAt: 'tomorrow' }, ['expiresAt:wrong_form']],
      [
        { name: 'x', scopes: ['balance:debit'], expiresAt: '2000-01-01T00:00:00.000Z' },
        ['expiresAt:too_early'],
      ],
      [{ name: 'x', scopes: ['balance:debit'], allowedIps: ['10.0.0.0/33'] }, ['allowedIps:wrong_form']],
      [{ name: 'x', scopes: ['balance:debit'], allowedIps: ['everywhere'] }, ['allowedIps:wrong_form']],
    ];
    for (const [body, faults] of bad) {
      const response = await admin.client.post('/service-keys', body);
      expectProblem(response, 400, 'VALIDATION_FAILED');
      expect(faultsOf(response)).toEqual(faults);
    }
  });
});
