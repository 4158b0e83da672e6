import { connect } from 'node:net';
import fc from 'fast-check';
import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { aPerson, aSignedInAdmin, GOOD_PASSWORD, OTHER_PASSWORD } from '../factories/people.js';
import { aServiceKey } from '../factories/service-keys.js';
import { SERVICE_SCOPES } from '../../src/platform/access/principal.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { databaseState, expectProblem, send, type Answer, type RawRequest } from './attack.js';
import { NO_LIMITS } from '../support/no-limits.js';

/** A body of every route that reads one; every field of its form is here. */
const BODIES: Record<string, Record<string, unknown>> = {
  'POST /auth/register': {
    email: 'new@example.com',
    password: GOOD_PASSWORD,
    name: 'New',
    organizationName: 'Toko',
  },
  'POST /auth/login': { email: 'nobody@example.com', password: GOOD_PASSWORD, altcha: 'x' },
  'POST /auth/password-change': { challengeToken: 'a'.repeat(43), newPassword: OTHER_PASSWORD },
  'POST /auth/forgot-password': { email: 'nobody@example.com' },
  'POST /auth/change-password': { currentPassword: GOOD_PASSWORD, newPassword: OTHER_PASSWORD },
  'POST /auth/step-up': { password: GOOD_PASSWORD },
  'POST /auth/two-factor': { challengeToken: 'a'.repeat(43), code: '000000' },
  'POST /two-factor/setup': { code: '000000' },
  'POST /two-factor/enable': { code: '000000' },
  'POST /two-factor/disable': { code: '000000' },
  'POST /two-factor/backup-codes': { code: '000000' },
  'PATCH /users/me': { name: 'New', locale: 'id' },
  'POST /users': { email: 'new@example.com', name: 'New', role: 'USER' },
  'PATCH /users/:id': { name: 'New', role: 'ADMIN', status: 'SUSPENDED', password: OTHER_PASSWORD },
  'POST /admin/password-resets/:userId/temporary-password': { replace: true },
  'DELETE /admin/password-resets/:userId': { reason: 'They called.' },
  'POST /integrations': {
    provider: 'CUSTOM',
    label: 'Shop',
    accessToken: 'a',
    refreshToken: 'b',
    apiKey: 'c',
    webhookSecret: 'd',
    webhookScheme: 'hmac',
    config: { shop: '1' },
    tokenExpiresAt: '2030-01-31T08:00:00.000Z',
  },
  'PATCH /integrations/:id': {
    provider: 'CUSTOM',
    label: 'Shop',
    status: 'DISABLED',
    accessToken: 'a',
    refreshToken: 'b',
    apiKey: 'c',
    webhookSecret: 'd',
    webhookScheme: 'hmac',
    config: { shop: '1' },
    tokenExpiresAt: '2030-01-31T08:00:00.000Z',
    webhookSecretOverlapSeconds: 60,
  },
  'POST /service-keys': {
    name: 'Settlement',
    scopes: ['balance:debit'],
    expiresAt: '2030-01-31T08:00:00.000Z',
    allowedIps: ['10.0.0.0/8'],
  },
  'POST /users/:id/token-balance': { amount: 5, reason: 'October', idempotencyKey: 'a' },
  'POST /internal/users/:id/token-balance/debit': { amount: 5, reason: 'October', idempotencyKey: 'a' },
  'POST /internal/tokens/introspect': { token: 'a' },
  'POST /internal/webhook-events/acknowledge': { ids: ['01a1fac7-20e5-74ae-82b5-f30f3c0a6262'] },
  'POST /admin/blocked-addresses': { address: '192.0.2.0/24', seconds: 60, reason: 'Floods us.' },
};
/** Fields that are no text, and what of WRONG_TYPES they take. */
const TAKES: Record<string, (value: unknown) => boolean> = {
  amount: (value) => value === 1,
  replace: (value) => typeof value === 'boolean',
  webhookSecretOverlapSeconds: (value) => value === 0 || value === 1,
  allowedIps: (value) => Array.isArray(value) && value.length === 0,
  config: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};
/** Routes whose every field may be left out. */
const ALL_OPTIONAL = [
  'PATCH /users/me',
  'PATCH /users/:id',
  'DELETE /admin/password-resets/:userId',
  'POST /admin/password-resets/:userId/temporary-password',
  'POST /two-factor/setup',
  'PATCH /integrations/:id',
];
/** Parameters of every route that reads a query. */
const QUERIES: Record<string, string[]> = {
  'GET /users': [
    'limit',
    'cursor',
    'search',
    'role',
    'status',
    'passwordResetRequested',
    'mustChangePassword',
  ],
  'GET /sessions': ['limit', 'cursor'],
  'DELETE /sessions': ['keep'],
  'GET /two-factor/devices': ['limit', 'cursor'],
  'GET /admin/password-resets': ['limit', 'cursor'],
  'GET /audit/login-attempts': ['limit', 'cursor', 'email', 'success', 'ip', 'from', 'to'],
  'GET /audit/login-attempts.csv': ['email', 'success', 'ip', 'from', 'to'],
  'GET /audit/events': ['limit', 'cursor', 'action', 'actorId', 'targetId', 'from', 'to'],
  'GET /audit/alerts': ['limit', 'cursor', 'kind', 'acknowledged'],
  'GET /users/me/login-attempts': ['limit', 'cursor', 'success', 'from', 'to'],
  'GET /integrations': ['limit', 'cursor', 'provider', 'status'],
  'GET /internal/integrations/:id/credentials': ['purpose'],
  'GET /service-keys': ['limit', 'cursor'],
  'GET /admin/blocked-addresses': ['limit', 'cursor'],
  'GET /integrations/:id/imports': ['limit', 'cursor'],
  'GET /integrations/:id/imports/:importId/rows': ['limit', 'cursor', 'sheet'],
  'GET /integrations/:id/webhook-events': ['limit', 'cursor'],
  'GET /integrations/:id/webhook-failures': ['limit', 'cursor'],
  'GET /internal/webhook-events': ['limit', 'cursor', 'integrationId'],
  'GET /users/me/token-balance': ['limit', 'cursor'],
  'GET /users/:id/token-balance': ['limit', 'cursor'],
};
const WRONG_TYPES: unknown[] = [1, 0, -1.5, true, false, null, [], ['x'], {}, { x: { y: 1 } }, [[[]]]];
/** JSON text that JSON.stringify would not write. */
const UNUSABLE_TEXT = [String.raw`"a\u0000b"`, String.raw`"\ud800"`, String.raw`"x\udc00\ud800y"`];

let test: TestApp;
let token: string | undefined;
let userId: string;
let serviceKey: string;
let before: Record<string, string>;

beforeAll(async () => {
  test = await startTestApp({ environment: NO_LIMITS });
  const admin = await aSignedInAdmin(test);
  token = admin.client.accessToken;
  userId = (await aPerson(test, { organizationId: admin.organizationId })).id;
  serviceKey = (await aServiceKey(admin, [...SERVICE_SCOPES])).key;
  before = await databaseState(test);
});
afterEach(async () => {
  expect(await databaseState(test)).toEqual(before);
  expect(test.logLines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
});
afterAll(() => test.close());

function call(
  route: string,
  rest: Omit<RawRequest, 'method' | 'path'> & { query?: string },
): Promise<Answer> {
  const [method, path] = route.split(' ') as [string, string];
  const { query = '', ...more } = rest;
  return send(test, { method, path: path.replaceAll(/:\w+/g, userId) + query, token, serviceKey, ...more });
}

/** Routes that read a body or a query, by the decorators of their handlers. */
function routesThatRead(kind: RouteParamtypes): string[] {
  const routes: string[] = [];
  for (const { metatype, instance } of test.app.get(DiscoveryService).getControllers()) {
    const prototype = Object.getPrototypeOf(instance) as Record<string, () => void>;
    for (const name of new MetadataScanner().getAllMethodNames(prototype)) {
      const handler = prototype[name]!;
      const verb = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
      const parameters = Object.keys(
        (Reflect.getMetadata(ROUTE_ARGS_METADATA, metatype!, name) ?? {}) as object,
      );
      if (verb === undefined || !parameters.some((key) => key.startsWith(`${kind}:`))) continue;
      const parts = [metatype!, handler].map((part) => String(Reflect.getMetadata(PATH_METADATA, part)));
      routes.push(`${RequestMethod[verb]} /${parts.filter((part) => part !== '/').join('/')}`);
    }
  }
  return routes.toSorted();
}

/** A body with one field replaced by raw JSON text. */
function withField(body: Record<string, unknown>, field: string, json: string): string {
  const pairs = Object.entries({ ...body, [field]: '' }).map(
    ([name, value]) => `${JSON.stringify(name)}:${name === field ? json : JSON.stringify(value)}`,
  );
  return `{${pairs.join()}}`;
}

describe('input', () => {
  it('is tried on every route that reads a body or a query [O-5] [A-6]', () => {
    expect(routesThatRead(RouteParamtypes.BODY)).toEqual(Object.keys(BODIES).toSorted());
    expect(routesThatRead(RouteParamtypes.QUERY)).toEqual(Object.keys(QUERIES).toSorted());
  });

  it.each(Object.entries(BODIES))(
    '%s refuses a wrong type in every field and names it [V2.2.1]',
    async (route, body) => {
      for (const field of Object.keys(body)) {
        const wrong = WRONG_TYPES.filter((value) => TAKES[field]?.(value) !== true);
        for (const json of [...wrong.map((value) => JSON.stringify(value)), ...UNUSABLE_TEXT]) {
          const answer = await call(route, { body: withField(body, field, json) });
          expectProblem(answer, 400, 'VALIDATION_FAILED', `${field}: ${json}`);
          expect(answer.json['errors']).toContainEqual(expect.objectContaining({ field }));
        }
      }
    },
  );

  it.each(Object.entries(BODIES))('%s refuses a field it does not know [V15.3.3]', async (route, body) => {
    const names = ['id', 'organizationId', 'passwordHash', 'tokenBalance', 'mustChangePassword', 'toString'];
    for (const field of [...names, 'hasOwnProperty', 'valueOf', '__defineGetter__', '', 'a'.repeat(5000)]) {
      const answer = await call(route, { body: withField(body, field, '1') });
      expectProblem(answer, 400, 'VALIDATION_FAILED', field);
      expect(answer.text.length).toBeLessThan(2000);
    }
  });

  it.each(Object.entries(BODIES))(
    '%s refuses keys that could reach a prototype [V15.3.6]',
    async (route, body) => {
      for (const key of ['__proto__', 'constructor', 'prototype']) {
        const polluting = `{"${key}":{"role":"ADMIN","isAdmin":true}}`;
        for (const json of [
          withField(body, key, '{"role":"ADMIN"}'),
          withField(body, 'email', polluting),
          polluting,
        ]) {
          expectProblem(await call(route, { body: json }), 400, 'MALFORMED_BODY', json);
        }
      }
      expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
    },
  );

  it.each(Object.keys(BODIES))('%s refuses what is no JSON object', async (route) => {
    for (const json of ['null', '[]', '[{}]', '"text"', '1', 'true', '0.1e1'])
      expectProblem(await call(route, { body: json }), 400, 'VALIDATION_FAILED', json);
    if (ALL_OPTIONAL.includes(route)) return;
    expectProblem(await call(route, {}), 400, 'VALIDATION_FAILED', 'no body');
    expectProblem(await call(route, { body: '' }), 400, 'VALIDATION_FAILED', 'empty body');
    expectProblem(await call(route, { body: '{}' }), 400, 'VALIDATION_FAILED', '{}');
  });

  it.each(Object.entries(BODIES))('%s refuses broken JSON and broken UTF-8', async (route, body) => {
    const json = JSON.stringify(body);
    const broken = [
      '{',
      '}',
      '{"a":}',
      '{a:1}',
      "{'a':1}",
      '{"a":1,}',
      '{"a":01}',
      'NaN',
      '{"a":"\n"}',
      '//',
      ' ',
    ];
    const bytes = [
      Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(json)]),
      Buffer.from(json.replace('{', '{"x":"\u00e9",'), 'latin1'),
      Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
      Buffer.from(json, 'utf16le'),
      // A surrogate half written as three bytes (CESU-8), an overlong slash.
      Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
      Buffer.from([0x22, 0xc0, 0xaf, 0x22]),
    ];
    for (const [index, body] of [...broken, json.slice(0, -1), `${json}x`, ...bytes].entries()) {
      const answer = await call(route, { body });
      expectProblem(answer, 400, 'MALFORMED_BODY', `sample ${index}`);
    }
  });

  it.each(Object.keys(BODIES))(
    '%s refuses what is too deep, too long or too many [V15.2.2]',
    async (route) => {
      const deep = `{"name":${'['.repeat(1000)}${']'.repeat(1000)}}`;
      expectProblem(await call(route, { body: deep }), 400, 'MALFORMED_BODY', 'deep');
      const veryDeep = '{"a":'.repeat(17_000) + '1' + '}'.repeat(17_000 - 1);
      expectProblem(
        await call(route, { body: veryDeep.slice(0, 100_000) }),
        400,
        'MALFORMED_BODY',
        'very deep',
      );
      const many = `{"name":[${'1,'.repeat(40_000)}1]}`;
      expectProblem(await call(route, { body: many }), 400, 'MALFORMED_BODY', 'many');
      const long = JSON.stringify({ name: 'a'.repeat(100 * 1024) });
      expectProblem(await call(route, { body: long }), 413, 'PAYLOAD_TOO_LARGE', 'long');
      const chunked = await call(route, { body: long, headers: { 'Transfer-Encoding': 'chunked' } });
      expectProblem(chunked, 413, 'PAYLOAD_TOO_LARGE', 'chunked');
    },
  );

  it.each(Object.entries(BODIES))(
    '%s reads JSON only, and only uncompressed [V4.1.1]',
    async (route, body) => {
      const types = [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
        'application/xml',
        'text/json',
        'application/jsonp',
        'application/json; charset=utf-16',
        'application/json, text/plain',
      ];
      for (const type of types) {
        const answer = await call(route, { body: JSON.stringify(body), headers: { 'Content-Type': type } });
        expectProblem(answer, 415, 'UNSUPPORTED_MEDIA_TYPE', type);
      }
      for (const encoding of ['gzip', 'br', 'deflate', 'identity, gzip', 'x']) {
        const headers = { 'Content-Encoding': encoding };
        const answer = await call(route, { body: JSON.stringify(body), headers });
        expectProblem(answer, 415, 'UNSUPPORTED_MEDIA_TYPE', encoding);
      }
    },
  );
});

describe('the query', () => {
  const WRONG: Record<string, string[]> = {
    limit: ['0', '101', '-1', 'abc', '1e2', '1.0', '01', '+5', ' 5', '', '٥', '0x10', '5%00', '999999999999'],
    cursor: [
      '',
      'x',
      '%00',
      'AAAA',
      'e30',
      Buffer.from("' OR 1=1 --").toString('base64url'),
      'a'.repeat(300),
    ],
    search: ['%00', 'a'.repeat(201)],
    role: ['', 'admin', 'ROOT', 'ADMIN,USER', '%00'],
    status: ['', 'active', 'DELETED'],
    passwordResetRequested: ['', '1', 'TRUE', 'yes', 'null'],
    mustChangePassword: ['', '1', 'TRUE', 'yes', 'null'],
    keep: ['', 'all', 'CURRENT', 'none%20'],
    email: ['', 'x', 'a@b', '%00@example.com', 'a@example.com,b@example.com'],
    success: ['', '1', 'TRUE', 'yes'],
    acknowledged: ['', '1', 'TRUE', 'yes'],
    ip: ['', 'x', '1', '1.2.3', '1.2.3.4.5', '10.0.0.0/8', '::g', '%00'],
    from: ['', 'yesterday', '2026-01-31', '2026-02-31T00:00:00.000Z', '0000-01-01T00:00:00.000Z', '1'],
    to: ['', 'tomorrow', '2026-01-31T08:00:00Z', '%00'],
    action: ['', 'user', 'USER.CREATED', '%00'],
    actorId: ['', 'me', '1', '%00'],
    targetId: ['', 'me', '1', '%00'],
    kind: ['', 'everything', '%00'],
    provider: ['', 'custom', 'SHOPEE', 'CUSTOM,SCALEV'],
    sheet: ['', '%20', '%00', 'a'.repeat(201)],
    integrationId: ['', 'mine', '1', '%00'],
    purpose: ['', '%20', '%0a', 'a'.repeat(401)],
  };

  it.each(Object.entries(QUERIES))('of %s is judged as strictly as a body [V2.2.1]', async (route, names) => {
    for (const name of names) {
      for (const value of WRONG[name]!) {
        const answer = await call(route, { query: `?${name}=${encodeURI(value).replaceAll('%25', '%')}` });
        expectProblem(answer, 400, 'VALIDATION_FAILED', `${name}=${value}`);
      }
      for (const query of [`?${name}=10&${name}=10`, `?${name}[]=10`, `?${name}[a]=10`])
        expectProblem(await call(route, { query }), 400, 'VALIDATION_FAILED', query);
    }
    for (const name of [
      'x',
      '__proto__',
      'constructor',
      'prototype',
      'toString',
      'hasOwnProperty',
      '__proto__[a]',
    ])
      expectProblem(await call(route, { query: `?${name}=1` }), 400, 'VALIDATION_FAILED', name);
  });

  it('of a list refuses cursors with instants that the database could not read [V2.2.1]', async () => {
    const instants = [
      '0000-01-01T00:00:00.000Z',
      '-200000-01-01T00:00:00.000Z',
      '+275760-09-13T00:00:00.000Z',
    ];
    for (const instant of [
      ...instants,
      '1',
      '2026',
      '2026-13-01T00:00:00.000Z',
      '',
      "2026'--",
      '0001-01-01 BC',
    ]) {
      const cursor = Buffer.from(`${instant}|${userId}`).toString('base64url');
      const answer = await call('GET /admin/password-resets', { query: `?cursor=${cursor}` });
      expectProblem(answer, 400, 'VALIDATION_FAILED', instant);
    }
  });

  it('is refused by every route that declares none', async () => {
    const silent = ['GET /users/me', 'GET /users/:id', 'GET /.well-known/jwks.json', 'GET /health/live'];
    for (const route of [...silent, ...Object.keys(BODIES)]) {
      for (const query of ['?x=1', '?__proto__=1', '?constructor=1']) {
        expectProblem(await call(route, { query, body: '{}' }), 400, 'VALIDATION_FAILED', route + query);
      }
    }
  });
});

describe('the path', () => {
  const WITH_ID = [
    'GET /users/',
    'PATCH /users/',
    'DELETE /users/',
    'DELETE /sessions/',
    'DELETE /admin/password-resets/',
  ];

  it.each(WITH_ID)('of %s… takes a UUID and nothing else', async (route) => {
    const [method, base] = route.split(' ') as [string, string];
    const ids = [
      '1',
      'me2',
      '%00',
      '%27%20OR%201=1',
      '..%2f..',
      '%E2%80%8B',
      `${'0'.repeat(8)}-0000-0000-0000-00000000000g`,
    ];
    for (const id of ids)
      expectProblem(await send(test, { method, path: base + id, token }), 400, 'VALIDATION_FAILED', id);
  });

  it('that nobody serves answers 404 in the same form, whatever the method', async () => {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE']) {
      for (const path of [
        '/',
        '/nowhere',
        '/users/me/',
        '//users/me',
        '/USERS/me',
        '/auth/login/x',
        '/.env',
      ]) {
        expectProblem(await send(test, { method, path, token }), 404, 'NOT_FOUND', `${method} ${path}`);
      }
    }
    expectProblem(await send(test, { method: 'GET', path: '/users/%zz', token }), 400, 'BAD_REQUEST');
    const long = await send(test, { method: 'GET', path: `/users/${'a'.repeat(300)}`, token });
    expectProblem(long, 414, 'URI_TOO_LONG');
  });

  it('has no hidden methods: PUT and TRACE answer 404, OPTIONS opens nothing, HEAD is GET without a body [V4.1.4]', async () => {
    for (const path of ['/users/me', '/auth/login', `/users/${userId}`]) {
      for (const method of ['PUT', 'TRACE', 'PROPFIND'])
        expectProblem(await send(test, { method, path, token }), 404, 'NOT_FOUND', `${method} ${path}`);
      const options = await send(test, {
        method: 'OPTIONS',
        path,
        headers: { Origin: 'https://evil.example' },
      });
      expect(options.status).toBe(204);
      expect(options.headers['access-control-allow-origin']).toBeUndefined();
    }
    const head = await send(test, { method: 'HEAD', path: '/users/me', token });
    expect({ status: head.status, text: head.text }).toEqual({ status: 200, text: '' });
    expect((await send(test, { method: 'HEAD', path: '/users/me' })).status).toBe(401);
    expect((await send(test, { method: 'HEAD', path: '/auth/login' })).status).toBe(404);
  });
});

describe('any JSON at all', () => {
  it('is answered, never with 500 (fast-check)', async () => {
    const required = Object.entries(BODIES).filter(([route]) => !ALL_OPTIONAL.includes(route));
    const bodies = fc.constantFrom(...required).chain(([route, body]) =>
      fc.tuple(
        fc.constant(route),
        fc.oneof(
          fc.json({ maxDepth: 4 }),
          fc
            .dictionary(fc.oneof(fc.constantFrom(...Object.keys(body)), fc.string()), fc.jsonValue())
            // Half-right bodies reach further; one field stays wrong, so that nothing is ever done.
            .map((wild) => JSON.stringify({ ...body, ...wild, [Object.keys(body)[0]!]: -1 })),
        ),
      ),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async ([route, body]) => {
        const answer = await call(route, { body });
        expect(answer.status).toBe(400);
        expect(['VALIDATION_FAILED', 'MALFORMED_BODY']).toContain(answer.json['code']);
      }),
      { numRuns: 250 },
    );
  });

  it('as bytes is answered, never with 500 (fast-check)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.keys(BODIES).filter((route) => !ALL_OPTIONAL.includes(route))),
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        async (route, bytes) => {
          const answer = await call(route, { body: Buffer.from(bytes) });
          expect(answer.status).toBe(400);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('bytes that are no HTTP request', () => {
  it.each([
    ['a header without a colon', 400, 'GET /health/live HTTP/1.1\r\nHost: x\r\nBad Header\r\n\r\n'],
    [
      'two lengths',
      400,
      'POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
    ],
    [
      'a length and chunks, as in request smuggling',
      400,
      'POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'a header that is too large',
      431,
      `GET /health/live HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(17_000)}\r\n\r\n`,
    ],
    ['the beginning of HTTP/2', 400, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a TLS greeting', 400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ])(
    'such as %s are answered as a problem with every security header, and cut off',
    async (_what, status, bytes) => {
      const answer = await new Promise<string>((resolve) => {
        const socket = connect(Number(new URL(test.url).port), '127.0.0.1', () =>
          socket.write(bytes, 'latin1'),
        );
        let text = '';
        socket.on('data', (chunk) => (text += chunk.toString()));
        socket.on('error', () => resolve(text));
        socket.on('close', () => resolve(text));
      });
      const [head, body] = answer.split('\r\n\r\n') as [string, string];
      expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      const required = [
        'content-security-policy',
        'referrer-policy',
        'permissions-policy',
        'x-content-type-options',
      ];
      for (const name of [
        ...required,
        'x-frame-options',
        'x-permitted-cross-domain-policies',
        'x-request-id',
      ])
        expect(head.toLowerCase()).toContain(`\r\n${name}: `);
      expect(head.toLowerCase()).toContain('cache-control: no-store');
      expect(JSON.parse(body)).toMatchObject({ status, code: expect.stringMatching(/^[A-Z_]+$/) as string });
    },
  );
});
