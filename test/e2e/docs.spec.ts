import { Validator } from '@seriousme/openapi-schema-validator';
import type { OpenApiDocument } from '../../src/docs/openapi.js';
import { OPERATIONS } from '../../src/docs/operations.js';
import { SCHEMAS } from '../../src/docs/schemas.js';
import { listRouteDeclarations } from '../../src/platform/access/route-declarations.js';
import {
  aPerson,
  aSignedInAdmin,
  aSignedInUser,
  issueTemporaryPassword,
  OTHER_PASSWORD,
} from '../factories/people.js';
import { anEnrolledPerson } from '../factories/second-factors.js';
import { aServiceKey } from '../factories/service-keys.js';
import { aReceiver, deliver } from '../factories/webhooks.js';
import { form, FORM_TYPE } from '../factories/forms.js';
import { aWorkbook } from '../factories/workbooks.js';
import { SERVICE_SCOPES } from '../../src/platform/access/principal.js';
import { AnswerValidation, seenAnswers } from '../support/answer-validation.js';
import { pageOf } from '../support/pages.js';
import { expectProblem } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { NO_LIMITS } from '../support/no-limits.js';

let test: TestApp;
let document: OpenApiDocument;
beforeAll(async () => {
  test = await startTestApp({
    environment: { ...NO_LIMITS, RATE_LIMIT_REGISTER: '1000/60', METRICS_TOKEN: 'a-token-for-the-metrics' },
  });
  document = (await test.client().get('/docs/openapi.json')).body as OpenApiDocument;
});
afterAll(() => test.close());

describe('GET /docs/openapi.json', () => {
  it('is a valid document of OpenAPI 3.1', async () => {
    const result = await new Validator().validate(structuredClone(document));
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
    expect(document.openapi).toBe('3.1.0');
  });

  it('describes every route and no other, each once, with codes, limits and an example for each body', () => {
    const routes = listRouteDeclarations(test.app);
    expect(Object.keys(OPERATIONS).toSorted()).toEqual(routes.map(({ route }) => route).toSorted());
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    );
    expect(described.toSorted()).toEqual(Object.keys(OPERATIONS).toSorted());
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map((operation) => operation['operationId']),
    );
    expect(new Set(ids).size).toBe(ids.length);
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { responses, requestBody, ...operation }] of Object.entries(methods)) {
        expect([path, method, Object.keys(responses).some((status) => status.startsWith('2'))]).toEqual([
          path,
          method,
          true,
        ]);
        expect(operation['x-rate-limits']).toBeInstanceOf(Array);
        const json = (requestBody?.['content'] as Record<string, { example?: object }> | undefined)?.[
          'application/json'
        ];
        if (json !== undefined)
          expect([path, method, json.example]).toEqual([path, method, expect.any(Object)]);
      }
    }
  });

  it('has no schema that nothing uses, and names no code that is not published', () => {
    const text = JSON.stringify(document.paths) + JSON.stringify(SCHEMAS);
    const unused = Object.keys(SCHEMAS).filter((name) => !text.includes(`"#/components/schemas/${name}"`));
    // A page of what is only shown one by one.
    expect(unused.filter((name) => !name.endsWith('Page'))).toEqual([]);
  });

  it('shows rights and limits as they are', () => {
    const operation = document.paths['/users/{id}']!['delete']!;
    expect(operation).toMatchObject({
      security: [{ accessToken: [] }],
      'x-step-up': true,
      'x-rate-limits': [{ rule: 'GLOBAL', requests: 100_000, seconds: 60 }],
      responses: { 204: {}, 403: { description: expect.stringContaining('STEP_UP_REQUIRED') }, 409: {} },
    });
    const login = document.paths['/auth/login']!['post']!;
    expect(login.requestBody).toMatchObject({
      required: true,
      content: {
        'application/json': { schema: { required: ['email', 'password'], additionalProperties: false } },
      },
    });
  });

  it('notices an answer that it does not describe', () => {
    const validation = new AnswerValidation(() => document);
    const judge = (
      method: string,
      url: string,
      statusCode: number,
      payload: string,
      type = 'application/json',
    ) => {
      const request = { method, routeOptions: { url } };
      const reply = { statusCode, getHeader: () => type };
      (validation as unknown as { judge(...parts: unknown[]): void }).judge(request, reply, payload);
      return validation.faults.splice(0);
    };
    expect(judge('GET', '/health/live', 200, '{"status":"ok"}')).toEqual([]);
    expect(judge('GET', '/health/live', 200, '{"status":"ok","version":"1"}')).toHaveLength(1);
    expect(judge('GET', '/health/live', 200, '{}')).toHaveLength(1);
    expect(judge('GET', '/health/live', 418, '{}')).toHaveLength(1);
    expect(judge('GET', '/health/live', 200, '<p>', 'text/html')).toHaveLength(1);
    expect(judge('POST', '/auth/logout', 204, 'x')).toHaveLength(1);
  });
});

describe('every route', () => {
  it('answers as the document says', async () => {
    const admin = await aSignedInAdmin(test);
    const { client } = admin;
    const user = await aSignedInUser(test, { organizationId: admin.organizationId });
    const other = await aPerson(test, { organizationId: admin.organizationId });
    const stranger = test.client();
    const registered = {
      email: 'docs@example.com',
      password: OTHER_PASSWORD,
      name: 'D',
      organizationName: 'Docs',
    };
    await stranger.post('/auth/register', registered);
    await stranger.login(registered);
    await stranger.refresh();
    await stranger.get('/auth/captcha');
    await stranger.get('/.well-known/jwks.json');
    await stranger.post('/auth/forgot-password', { email: other.email });
    await stranger.post('/auth/step-up', { password: OTHER_PASSWORD });
    await stranger.post('/auth/change-password', {
      currentPassword: OTHER_PASSWORD,
      newPassword: 'Meja-hijau3 kuda tenang',
    });
    await stranger.get('/sessions');
    await stranger.delete('/sessions?keep=current');
    await stranger.post('/auth/logout');

    for (const path of ['me', 'me/login-attempts', 'me/token-balance', user.id, `${user.id}/token-balance`])
      await client.get(`/users/${path}`);
    await client.get('/users');
    await client.patch('/users/me', { locale: 'id' });
    const created = await client.post('/users', { email: 'made@example.com', name: 'Made' });
    const { id: madeId } = created.body as { id: string };
    await client.patch(`/users/${madeId}`, { name: 'Dibuat' });
    await client.post(`/users/${madeId}/unlock`);
    await client.post(`/users/${madeId}/token-balance`, { amount: 5, reason: 'x', idempotencyKey: 'a' });
    await client.delete(`/users/${madeId}/sessions`);
    await client.delete(`/users/${madeId}/two-factor`);
    await client.get('/admin/password-resets');
    await client.delete(`/admin/password-resets/${other.id}`);
    const temporaryPassword = await issueTemporaryPassword(admin, other.id);
    const forced = await test.client().login({ email: other.email, password: temporaryPassword });
    const { challengeToken } = forced.body as { challengeToken: string };
    const changed = await test
      .client()
      .post('/auth/password-change', { challengeToken, newPassword: 'Meja-hijau3 kuda tenang' });
    expect(changed.status).toBe(200);

    const enrolled = await anEnrolledPerson(test);
    await test.client().login(enrolled);
    const fresh = await aSignedInUser(test);
    const setup = await fresh.client.post('/two-factor/setup');
    expect(setup.status).toBe(200);
    await fresh.client.get('/two-factor');
    await fresh.client.get('/two-factor/devices');
    await fresh.client.delete('/two-factor/devices');

    const shop = await aReceiver(admin);
    await deliver(test, shop);
    await deliver(test, shop, { secret: 'whsec_AAAA' });
    const events = pageOf(await client.get(`/integrations/${shop.id}/webhook-events`)).items as {
      id: string;
    }[];
    await client.post(`/integrations/${shop.id}/webhook-events/${events[0]!.id}/replay`);
    await client.get(`/integrations/${shop.id}/webhook-failures`);
    await client.get('/integrations');
    await client.get(`/integrations/${shop.id}`);
    await client.patch(`/integrations/${shop.id}`, { label: 'New' });
    const body = form([{ name: 'a.xlsx', content: aWorkbook([['a']]) }]);
    const uploaded = await client.post(`/integrations/${shop.id}/imports`, body, {
      'Content-Type': FORM_TYPE,
    });
    expect(uploaded.status).toBe(201);
    const file = uploaded.headers['location'] as string;
    for (const path of ['', '/rows', '/file']) await client.get(file + path);
    await client.get(`/integrations/${shop.id}/imports`);
    await client.delete(file);

    const { key, id: keyId } = await aServiceKey(admin, [...SERVICE_SCOPES]);
    const headers = { 'X-Service-Key': key };
    await client.get('/service-keys');
    await test.client().post('/internal/tokens/introspect', { token: client.accessToken }, headers);
    await test.client().post('/internal/tokens/introspect', { token: 'x' }, headers);
    await test.client().get(`/internal/integrations/${shop.id}/credentials?purpose=docs`, headers);
    await test.client().get('/internal/webhook-events', headers);
    await test.client().post('/internal/webhook-events/acknowledge', { ids: [events[0]!.id] }, headers);
    const movement = { amount: 1, reason: 'x', idempotencyKey: 'b' };
    await test.client().post(`/internal/users/${madeId}/token-balance/debit`, movement, headers);
    await client.delete(`/service-keys/${keyId}`);
    await client.delete(`/integrations/${shop.id}`);
    const blocked = await client.post('/admin/blocked-addresses', { address: '192.0.2.1', reason: 'x' });
    await client.get('/admin/blocked-addresses');
    await client.delete(`/admin/blocked-addresses/${(blocked.body as { id: string }).id}`);
    for (const path of ['login-attempts', 'login-attempts.csv', 'events', 'alerts'])
      await client.get(`/audit/${path}`);
    await test.client().get('/metrics', { Authorization: 'Bearer a-token-for-the-metrics' });
    for (const path of ['/health/live', '/health/ready', '/docs', '/docs/style.css', '/docs/openapi.json'])
      expect((await test.client().get(path)).status).toBe(200);
    await user.client.delete(`/sessions`);
    await client.delete(`/users/${madeId}`);

    // The rest needs codes or several steps: its own specs call it, under the same watch.
    const elsewhere = [
      'POST /auth/two-factor',
      'POST /two-factor/enable',
      'POST /two-factor/disable',
      'POST /two-factor/backup-codes',
      'DELETE /two-factor/devices/:id',
      'POST /audit/alerts/:id/acknowledge',
      'POST /admin/password-resets/:userId/temporary-password',
      'DELETE /sessions/:id',
    ];
    const missing = Object.entries(OPERATIONS)
      .map(([route, { status, answer }]) => `${route} ${status ?? (answer === null ? 204 : 200)}`)
      .filter((answer) => !seenAnswers.has(answer));
    expect(missing.filter((answer) => !elsewhere.some((route) => answer.startsWith(`${route} `)))).toEqual(
      [],
    );
  });
});

describe('GET /docs', () => {
  it('is a page without script that shows every route', async () => {
    const response = await test.client().get('/docs');
    expect(response.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(response.headers['content-security-policy']).toContain("default-src 'none'");
    expect(response.headers['content-security-policy']).not.toContain('unsafe');
    for (const path of Object.keys(document.paths)) expect(response.text).toContain(`<code>${path}</code>`);
    expect(response.text).not.toMatch(/<script|style=|onclick/i);
  });
});

describe('with DOCS=off', () => {
  it('there are no docs', async () => {
    const quiet = await startTestApp({ environment: { DOCS: 'off' } });
    try {
      for (const path of ['/docs', '/docs/openapi.json', '/docs/style.css'])
        expectProblem(await quiet.client().get(path), 404, 'NOT_FOUND');
    } finally {
      await quiet.close();
    }
  });
});
