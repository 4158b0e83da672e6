import { listRouteDeclarations } from '../../src/platform/access/route-declarations.js';
import {
  aPerson,
  aSignedInAdmin,
  aSignedInUser,
  OTHER_PASSWORD,
  signIn,
  type SignedIn,
} from '../factories/people.js';
import { aServiceKey } from '../factories/service-keys.js';
import { SERVICE_SCOPES } from '../../src/platform/access/principal.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { databaseState, expectProblem, send } from './attack.js';
import { NO_LIMITS } from '../support/no-limits.js';

/** A valid body of every route with an id that reads one. */
const BODIES: Record<string, object[]> = {
  'PATCH /users/:id': [
    {},
    { name: 'Taken over' },
    { role: 'ADMIN' },
    { status: 'SUSPENDED' },
    { password: OTHER_PASSWORD },
  ],
  'DELETE /admin/password-resets/:userId': [{}, { reason: 'none of your business' }],
  'PATCH /integrations/:id': [{}, { label: 'Taken over' }, { accessToken: 'mine' }],
  'POST /users/:id/token-balance': [{ amount: 1, reason: 'gift', idempotencyKey: 'a' }],
  'POST /internal/users/:id/token-balance/debit': [{ amount: 1, reason: 'theft', idempotencyKey: 'b' }],
};
/** A valid query of every route with an id that demands one. */
const QUERIES: Record<string, string> = {
  'GET /internal/integrations/:id/credentials': '?purpose=curiosity',
};
const UNKNOWN = '01a1fac7-20e5-74ae-82b5-f30f3c0a6262';

let test: TestApp;
let admin: SignedIn;
let stranger: SignedIn;

beforeAll(async () => {
  test = await startTestApp({ environment: NO_LIMITS });
  admin = await aSignedInAdmin(test);
  stranger = await aSignedInAdmin(test);
});
afterAll(() => test.close());

const sessionOf = (person: SignedIn): string =>
  (
    JSON.parse(Buffer.from(person.client.accessToken!.split('.')[1]!, 'base64url').toString()) as {
      sid: string;
    }
  ).sid;

describe('an id of another organization [L-0.1] [V8.2.2] [V8.4.1]', () => {
  it('answers 404 on every route that takes one, exactly like an unknown id, and changes nothing', async () => {
    const victim = await signIn(test, await aPerson(test, { organizationId: stranger.organizationId }));
    await victim.client.post('/auth/forgot-password', { email: victim.email });
    const { body: integration } = await stranger.client.post('/integrations', {
      provider: 'CUSTOM',
      label: 'x',
    });
    const foreignKey = await aServiceKey(stranger, ['credentials:read']);
    const serviceKey = (await aServiceKey(admin, [...SERVICE_SCOPES])).key;
    const before = await databaseState(test);
    const routes = listRouteDeclarations(test.app).filter(
      // Webhooks answer 401 to everything that is not genuine (test/e2e/webhooks.spec.ts).
      ({ route, access }) => route.includes(':') && !access.startsWith('public'),
    );
    expect(routes.length).toBeGreaterThanOrEqual(7);
    for (const { route } of routes) {
      const [method, path] = route.split(' ') as [string, string];
      const call = async (id: string, body?: object) => {
        const answer = await send(test, {
          method,
          path: path.replaceAll(/:\w+/g, id) + (QUERIES[route] ?? ''),
          token: admin.client.accessToken,
          serviceKey,
          body: body && JSON.stringify(body),
        });
        expectProblem(answer, 404, 'NOT_FOUND', `${route} ${id}`);
        return answer.text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, '<id>');
      };
      const ids = [
        victim.id,
        stranger.id,
        stranger.organizationId,
        sessionOf(victim),
        (integration as { id: string }).id,
        foreignKey.id,
        victim.id.toUpperCase(),
      ];
      for (const body of BODIES[route] ?? [undefined]) {
        const unknown = await call(UNKNOWN, body);
        for (const id of ids) expect(await call(id, body)).toBe(unknown);
      }
    }
    expect(await databaseState(test)).toEqual(before);
    expect((await victim.client.get('/users/me')).status).toBe(200);
  });

  it('costs a foreign account no hash: it is refused before any work [V15.2.2]', async () => {
    const foreign = await aPerson(test, { organizationId: stranger.organizationId });
    const start = performance.now();
    for (let round = 0; round < 5; round += 1)
      await admin.client.post(`/admin/password-resets/${foreign.id}/temporary-password`);
    expect(performance.now() - start).toBeLessThan(1500);
  });
});

describe('a list', () => {
  it('shows rows of the own organization only, also with a cursor from elsewhere', async () => {
    const foreign = await aPerson(test, {
      organizationId: stranger.organizationId,
      name: 'Rahasia Orang Lain',
    });
    await stranger.client.post('/auth/forgot-password', { email: foreign.email });
    await aPerson(test, { organizationId: admin.organizationId });
    const cursors = [
      '',
      `&cursor=${Buffer.from(foreign.id).toString('base64url')}`,
      '&cursor=' + Buffer.from('ffffffff-ffff-7fff-bfff-ffffffffffff').toString('base64url'),
    ];
    for (const cursor of cursors) {
      for (const path of [
        `/users?limit=100${cursor}`,
        `/users?search=Rahasia${cursor}`,
        '/admin/password-resets?limit=100',
        '/sessions?limit=100',
      ]) {
        const { text, status } = await send(test, { method: 'GET', path, token: admin.client.accessToken });
        expect(status).toBe(200);
        expect(text).not.toContain(foreign.id);
        expect(text).not.toContain('Rahasia');
        expect(text).not.toContain(stranger.id);
      }
    }
  });

  it('takes the wildcards of LIKE in a search literally [V1.2.9]', async () => {
    await aPerson(test, { organizationId: admin.organizationId, name: '100% Asli' });
    for (const [search, found] of [
      ['%', 1],
      ['_', 0],
      ['%25', 0],
      ['\\', 0],
      ["' OR '1'='1", 0],
      ['100%', 1],
    ] as const) {
      const { json } = await send(test, {
        method: 'GET',
        path: `/users?search=${encodeURIComponent(search)}`,
        token: admin.client.accessToken,
      });
      expect({ search, found: (json['items'] as unknown[]).length }).toEqual({ search, found });
    }
  });
});

describe('inside one organization [A-5]', () => {
  it("a user reaches nobody's account or session but his own", async () => {
    const user = await aSignedInUser(test, { organizationId: admin.organizationId });
    const colleague = await aSignedInUser(test, { organizationId: admin.organizationId });
    const { accessToken: token } = user.client;
    expectProblem(
      await send(test, { method: 'GET', path: `/users/${colleague.id}`, token }),
      403,
      'FORBIDDEN',
    );
    expectProblem(await send(test, { method: 'GET', path: `/users/${UNKNOWN}`, token }), 403, 'FORBIDDEN');
    expectProblem(
      await send(test, { method: 'DELETE', path: `/sessions/${sessionOf(colleague)}`, token }),
      404,
      'NOT_FOUND',
    );
    for (const route of listRouteDeclarations(test.app).filter(({ access }) => access === 'ADMIN')) {
      const [method, path] = route.route.split(' ') as [string, string];
      const answer = await send(test, { method, path: path.replaceAll(/:\w+/g, user.id), token });
      expectProblem(answer, 403, 'FORBIDDEN', route.route);
    }
    expect((await colleague.client.get('/users/me')).status).toBe(200);
  });

  it("an administrator does not end a colleague's session through the route for one's own", async () => {
    const colleague = await aSignedInUser(test, { organizationId: admin.organizationId });
    const path = `/sessions/${sessionOf(colleague)}`;
    expectProblem(
      await send(test, { method: 'DELETE', path, token: admin.client.accessToken }),
      404,
      'NOT_FOUND',
    );
  });
});
