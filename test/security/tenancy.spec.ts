import type { OpenApiDocument, OpenApiOperation } from '../../src/docs/openapi.js';
import { listRouteDeclarations } from '../../src/platform/access/route-declarations.js';
import { form, FORM_TYPE } from '../factories/forms.js';
import {
  aPerson,
  aSignedInAdmin,
  aSignedInUser,
  OTHER_PASSWORD,
  type SignedIn,
} from '../factories/people.js';
import { furnish, type FurnishedTenant } from '../factories/tenants.js';
import { aWorkbook } from '../factories/workbooks.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { databaseState, expectProblem, send, type Answer, type RawRequest } from './attack.js';
import { NO_LIMITS } from '../support/no-limits.js';

/**
 * The table whose ids each path parameter takes, by the last fixed part of the path before it. `furnish` gives both
 * organizations a row in each.
 */
const PATH_IDS: Record<string, string> = {
  'users/:id': 'users',
  'password-resets/:userId': 'users',
  'sessions/:id': 'sessions',
  'devices/:id': 'remembered_devices',
  'integrations/:id': 'integrations',
  'webhooks/:integrationId': 'integrations',
  'imports/:importId': 'imports',
  'webhook-events/:eventId': 'webhook_events',
  'service-keys/:id': 'service_keys',
  'blocked-addresses/:id': 'blocked_addresses',
  'alerts/:id': 'alerts',
};
/** The same for each parameter of a query and each field of a body that takes ids. */
const INPUT_IDS: Record<string, string> = {
  'GET /audit/events ?actorId': 'users',
  'GET /audit/events ?targetId': 'users',
  'GET /internal/webhook-events ?integrationId': 'integrations',
  'POST /internal/webhook-events/acknowledge ids': 'webhook_events',
};
/** More bodies than the example of the document: whatever a takeover would begin with. */
const BODIES: Record<string, object[]> = {
  'PATCH /users/:id': [
    {},
    { name: 'Taken over' },
    { role: 'ADMIN' },
    { status: 'SUSPENDED' },
    { password: OTHER_PASSWORD },
  ],
  'DELETE /admin/password-resets/:userId': [{}],
  'PATCH /integrations/:id': [{}, { accessToken: 'mine' }],
};
const UNKNOWN = '01a1fac7-20e5-74ae-82b5-f30f3c0a6262';

let test: TestApp;
let admin: SignedIn;
let stranger: SignedIn;

beforeAll(async () => {
  test = await startTestApp({ environment: { ...NO_LIMITS, RATE_LIMIT_UPLOAD: '100000/60' } });
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

/** The table of a parameter's ids. @throws Error saying what to add when nobody has said it. */
function tableOf(tables: Record<string, string>, key: string, where: string): string {
  const table = tables[key];
  if (table === undefined)
    throw new Error(
      `${where} takes an id as "${key}", and no test calls it with another organization's: add to PATH_IDS or INPUT_IDS ` +
        'of test/security/tenancy.spec.ts the table that has these ids, and to test/factories/tenants.ts what fills it.',
    );
  return table;
}

interface Described {
  readonly route: string;
  readonly method: string;
  readonly path: string;
  readonly access: string;
  readonly operation: OpenApiOperation;
}
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly schema: Record<string, unknown>;
}

/** The routes of the router, each with what the document says of its input. */
async function describedRoutes(): Promise<Described[]> {
  const { paths } = (await test.client().get('/docs/openapi.json')).body as OpenApiDocument;
  return listRouteDeclarations(test.app).map(({ route, access }) => {
    const [method, path] = route.split(' ') as [string, string];
    const operation = paths[path.replaceAll(/:(\w+)/g, '{$1}')]![method.toLowerCase()]!;
    return { route, method, path, access, operation };
  });
}

const parametersOf = ({ operation }: Described) => operation['parameters'] as Parameter[];

/** What a body may hold, by its media type. */
function contentOf({ operation }: Described) {
  return (operation.requestBody?.['content'] ?? {}) as Record<
    string,
    { schema: { properties?: Record<string, Record<string, unknown>> }; example?: object }
  >;
}

/** Whether a field takes ids: it says so, or is called so. */
function takesIds([name, schema]: [string, Record<string, unknown>]): boolean {
  const item = (schema['items'] ?? schema) as Record<string, unknown>;
  return item['format'] === 'uuid' || /(^id|Id)s?$/.test(name);
}

/** Bodies that the route takes from whoever may call it. */
function bodiesOf(described: Described): Pick<RawRequest, 'body' | 'headers'>[] {
  const content = contentOf(described);
  if ('multipart/form-data' in content)
    return [
      {
        body: form([{ name: 'Orders.xlsx', content: aWorkbook([['a']]) }]),
        headers: { 'Content-Type': FORM_TYPE },
      },
    ];
  const { example } = content['application/json'] ?? {};
  const bodies = [...(BODIES[described.route] ?? []), ...(example === undefined ? [] : [example])];
  return bodies.length === 0 ? [{}] : bodies.map((body) => ({ body: JSON.stringify(body) }));
}

/** The parameters of a query without which the route refuses. */
function queryOf(described: Described): string {
  const needed = parametersOf(described).filter((each) => each.in === 'query' && each.required);
  return needed.length === 0 ? '' : `?${needed.map(({ name }) => `${name}=curiosity`).join('&')}`;
}

/** Every id an organization has in a table, oldest first. */
async function idsOf(table: string, organizationId: string): Promise<string[]> {
  const rows = await test.database.client.$queryRawUnsafe<{ id: string }[]>(
    `SELECT id::text FROM benteng.${table} WHERE organization_id = $1::uuid ORDER BY id`,
    organizationId,
  );
  if (rows.length === 0) throw new Error(`test/factories/tenants.ts makes no row in ${table}`);
  return rows.map(({ id }) => id);
}

/** All that a caller can tell two answers apart by; how many tries are left is less after every one. */
function shownBy({ status, headers, text }: Answer): object {
  const { 'x-request-id': _id, date: _date, ratelimit, ...rest } = headers;
  // How many tries are left, and for how many seconds, goes on while the test does.
  const otherHeaders = { ...rest, ratelimit: String(ratelimit).replaceAll(/;[rt]=\d+/g, '') };
  const body = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : { text };
  const { requestId: _requestId, instance: _instance, ...shown } = body;
  return { status, headers: otherHeaders, body: shown };
}

describe('an id of another organization [L-0.1] [V8.2.2] [V8.4.1] [F-62]', () => {
  let mine: FurnishedTenant;
  let theirs: FurnishedTenant;
  let routes: Described[];
  const idsIn = async (table: string) => ({
    own: (await idsOf(table, admin.organizationId))[0]!,
    foreign: await idsOf(table, stranger.organizationId),
  });
  /** Who of the own organization may call a route. */
  const callersOf = ({ access }: Described, { admin: head, user, serviceKey }: FurnishedTenant) =>
    access.startsWith('service')
      ? [{ serviceKey }]
      : access.startsWith('public')
        ? [{}]
        : [head, ...(access.includes('USER') ? [user] : [])].map(({ client }) => ({
            token: client.accessToken,
          }));

  beforeAll(async () => {
    mine = await furnish(test, admin);
    theirs = await furnish(test, stranger);
    routes = await describedRoutes();
    // The clock has moved: that a session is in use is noted once, here.
    for (const { client } of [mine.admin, mine.user, theirs.admin, theirs.user])
      await client.get('/users/me');
  });

  /** The ids that each parameter of a route takes, in the order of the path. */
  async function pathIdsOf({ route, path }: Described) {
    const parameters = [...path.matchAll(/([^/:]+)\/(:\w+)/g)].map(([key]) => key);
    expect(parameters).toHaveLength(path.split(':').length - 1);
    return Promise.all(parameters.map((key) => idsIn(tableOf(PATH_IDS, key, route))));
  }

  /** The paths to try: what each is with unknown ids, and with ids that the other organization has there. */
  function trialsOf(path: string, ids: { own: string; foreign: string[] }[], others: string[]) {
    const fill = (values: string[]) => {
      const left = [...values];
      return path.replaceAll(/:\w+/g, () => left.shift()!);
    };
    const own = ids.map((each) => each.own);
    const single = ids.map(({ foreign }, index) => ({
      unknown: fill(own.with(index, UNKNOWN)),
      foreign: [...foreign, foreign[0]!.toUpperCase(), ...others].map((id) => fill(own.with(index, id))),
    }));
    const all = {
      unknown: fill(own.map(() => UNKNOWN)),
      foreign: [fill(ids.map(({ foreign }) => foreign[0]!))],
    };
    return ids.length > 1 ? [...single, all] : single;
  }

  it('answers 404 on every route that takes one, exactly like an unknown id, and changes nothing', async () => {
    const tables = [...new Set(Object.values(PATH_IDS))];
    const kinds = await Promise.all(tables.map(async (table) => (await idsIn(table)).foreign[0]!));
    const others = [stranger.organizationId, ...kinds];
    const closed = routes.filter(({ path, access }) => path.includes(':') && !access.startsWith('public'));
    expect(closed.length).toBeGreaterThan(20);
    const before = await databaseState(test);
    for (const described of closed) {
      const { route, method, path, access } = described;
      const query = queryOf(described);
      for (const { unknown, foreign } of trialsOf(path, await pathIdsOf(described), others)) {
        for (const [rank, caller] of callersOf(described, mine).entries()) {
          for (const body of bodiesOf(described)) {
            const call = (to: string) => send(test, { method, path: to + query, ...caller, ...body });
            const expected = await call(unknown);
            // Who has no rights over others at all may be told so, of every id alike.
            if (rank > 0 && expected.status === 403) expectProblem(expected, 403, 'FORBIDDEN', route);
            else expectProblem(expected, 404, 'NOT_FOUND', `${route} ${unknown} ${access}`);
            for (const to of foreign) {
              const answer = await call(to);
              expect({ to, ...shownBy(answer) }).toEqual({ to, ...shownBy(expected) });
              expect(answer.json['instance']).toBe(to);
            }
          }
        }
      }
    }
    expect(await databaseState(test)).toEqual(before);
    expect((await theirs.user.client.get('/users/me')).status).toBe(200);
  });

  it('is no more than an unknown one where anybody may call', async () => {
    for (const described of routes.filter(
      ({ path, access }) => path.includes(':') && access.startsWith('public'),
    )) {
      const { route, method, path } = described;
      for (const { unknown, foreign } of trialsOf(path, await pathIdsOf(described), [])) {
        const call = (to: string) => send(test, { method, path: to, body: '{}' });
        const expected = await call(unknown);
        expect({ route, status: expected.status }).toEqual({ route, status: 401 });
        for (const to of foreign)
          expect({ to, ...shownBy(await call(to)) }).toEqual({ to, ...shownBy(expected) });
      }
    }
  });

  it('is no more than an unknown one in every query and body that takes ids, while its owner is served', async () => {
    const tried: string[] = [];
    for (const described of routes) {
      const { route, method, path } = described;
      const input = parametersOf(described).filter((each) => each.in === 'query');
      const fields = Object.values(contentOf(described)).flatMap(({ schema, example }) =>
        Object.entries(schema.properties ?? {}).map(([name, field]) => ({ name, field, example })),
      );
      const places = [
        ...input
          .filter(({ name, schema }) => takesIds([name, schema]))
          .map(({ name }) => ({
            key: `?${name}`,
            with: (id: string) => ({ path: `${path}?${name}=${id}` }),
          })),
        ...fields
          .filter(({ name, field }) => takesIds([name, field]))
          .map(({ name, field, example }) => ({
            key: name,
            with: (id: string) => ({
              path,
              body: JSON.stringify({ ...example, [name]: field['type'] === 'array' ? [id] : id }),
            }),
          })),
      ];
      for (const place of places) {
        const key = `${route} ${place.key}`;
        const { foreign } = await idsIn(tableOf(INPUT_IDS, key, route));
        tried.push(key);
        const call = (caller: object, id: string) => send(test, { method, ...caller, ...place.with(id) });
        for (const caller of callersOf(described, mine)) {
          const before = await databaseState(test);
          const expected = shownBy(await call(caller, UNKNOWN));
          for (const id of foreign)
            expect({ key, id, ...shownBy(await call(caller, id)) }).toEqual({ key, id, ...expected });
          expect(await databaseState(test)).toEqual(before);
        }
        // Of an id that is refused to everybody the comparison would tell nothing.
        const [owner] = callersOf(described, theirs);
        const unknown = shownBy(await call(owner!, UNKNOWN));
        const served = await Promise.all(foreign.map(async (id) => shownBy(await call(owner!, id))));
        expect({
          key,
          isServed: served.some((answer) => !Object.is(JSON.stringify(answer), JSON.stringify(unknown))),
        }).toEqual({ key, isServed: true });
      }
    }
    expect(tried.toSorted()).toEqual(Object.keys(INPUT_IDS).toSorted());
  });

  it('is missed where nobody thought of it: a new parameter without a fixture fails, in a sentence', () => {
    expect(() => tableOf(PATH_IDS, 'parcels/:parcelId', 'GET /parcels/:parcelId')).toThrow(
      /^GET \/parcels\/:parcelId takes an id as "parcels\/:parcelId", .* add to PATH_IDS or INPUT_IDS .* the table/,
    );
    const taken = new Set(
      routes.flatMap(({ path }) => [...path.matchAll(/([^/:]+)\/(:\w+)/g)].map(([key]) => key)),
    );
    expect(Object.keys(PATH_IDS).filter((key) => !taken.has(key))).toEqual([]);
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
