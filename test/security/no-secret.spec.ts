import { connect } from 'node:net';
import { DocsService } from '../../src/docs/docs.service.js';
import { createLogger } from '../../src/platform/observability/logger.js';
import { PasswordHasher } from '../../src/platform/passwords/password-hasher.js';
import { aPerson, aSignedInAdmin, GOOD_PASSWORD, OTHER_PASSWORD } from '../factories/people.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { databaseText, send } from './attack.js';
import { NO_LIMITS } from '../support/no-limits.js';

const THIRD_PASSWORD = 'Sungai+mengalir4 pelan sekali';

let test: TestApp;
beforeAll(async () => {
  test = await startTestApp({ environment: { ...NO_LIMITS, LOG_LEVEL: 'trace' } });
});
afterAll(() => test.close());

/** Secrets of one life, and every answer in which they were not meant to be. */
async function aWholeLife() {
  const secrets = new Set<string>([GOOD_PASSWORD, OTHER_PASSWORD, THIRD_PASSWORD]);
  const answers: { what: string; text: string }[] = [];
  /** Keeps an answer; `meant` are the fields that hand out a secret on purpose. */
  const keep = (what: string, response: { body: unknown; headers: unknown }, meant: string[] = []) => {
    const body = { ...(response.body as Record<string, unknown>) };
    for (const field of meant) {
      expect({ what, field, type: typeof body[field] }).toEqual({ what, field, type: 'string' });
      secrets.add(String(body[field]));
      delete body[field];
    }
    const { 'set-cookie': cookies, ...headers } = response.headers as Record<string, unknown>;
    for (const line of (cookies ?? []) as string[]) {
      const value = /^refresh=([^;]+)/.exec(line)?.[1];
      if (value) secrets.add(value);
    }
    answers.push({ what, text: JSON.stringify({ body, headers }) });
    return response;
  };

  const owner = test.client();
  const email = `owner-${secrets.size}-${test.logLines.length}@example.com`;
  const registration = { email, password: GOOD_PASSWORD, name: 'Owner', organizationName: 'Kedai' };
  keep('register', await owner.post('/auth/register', registration));
  keep('register again', await owner.post('/auth/register', registration));
  keep('login', await owner.login({ email, password: GOOD_PASSWORD }), ['accessToken']);
  keep('refresh', await owner.refresh(), ['accessToken']);
  keep('me', await owner.get('/users/me'));
  const created = await owner.post('/users', { email: `staff-${email}`, name: 'Staff' });
  const { id } = keep('create', created).body as { id: string };
  const issued = keep('issue', await owner.post(`/admin/password-resets/${id}/temporary-password`), [
    'temporaryPassword',
  ]);
  const { temporaryPassword } = issued.body as { temporaryPassword: string };
  const staff = test.client();
  const credentials = { email: `staff-${email}`, password: temporaryPassword };
  keep('temporary login', await staff.login(credentials), ['challengeToken']);
  const challenged = keep('temporary login again', await staff.login(credentials), ['challengeToken']);
  const { challengeToken } = challenged.body as { challengeToken: string };
  keep('weak', await staff.post('/auth/password-change', { challengeToken, newPassword: temporaryPassword }));
  keep(
    'forced change',
    await staff.post('/auth/password-change', { challengeToken, newPassword: OTHER_PASSWORD }),
    ['accessToken'],
  );
  keep(
    'forced change again',
    await staff.post('/auth/password-change', { challengeToken, newPassword: THIRD_PASSWORD }),
  );
  keep('login', await staff.login({ email: `staff-${email}`, password: OTHER_PASSWORD }), ['accessToken']);
  keep('step-up', await staff.post('/auth/step-up', { password: OTHER_PASSWORD }), ['accessToken']);
  keep('step-up, wrong', await staff.post('/auth/step-up', { password: THIRD_PASSWORD }));
  keep(
    'change',
    await staff.post('/auth/change-password', {
      currentPassword: OTHER_PASSWORD,
      newPassword: THIRD_PASSWORD,
    }),
  );
  keep(
    'change, wrong',
    await staff.post('/auth/change-password', {
      currentPassword: OTHER_PASSWORD,
      newPassword: GOOD_PASSWORD,
    }),
  );
  keep('set by admin', await owner.patch(`/users/${id}`, { password: OTHER_PASSWORD }));
  keep('list', await owner.get('/users'));
  keep('sessions', await owner.get('/sessions'));
  keep('resets', await owner.get('/admin/password-resets'));

  // Passwords and tokens where they do not belong.
  const slips: [string, object | string][] = [
    ['/auth/login', { email: GOOD_PASSWORD, password: GOOD_PASSWORD }],
    ['/auth/login', { email: `${THIRD_PASSWORD}@example.com`, password: GOOD_PASSWORD }],
    ['/auth/login', { email, password: [GOOD_PASSWORD] }],
    ['/auth/login', { email, password: { value: GOOD_PASSWORD } }],
    ['/auth/login', { email, password: GOOD_PASSWORD, role: GOOD_PASSWORD }],
    ['/auth/login', `{"email":"${email}","password":"${GOOD_PASSWORD}`],
    ['/auth/register', { ...registration, password: `${GOOD_PASSWORD}\0` }],
    ['/auth/register', { ...registration, email: GOOD_PASSWORD }],
    ['/auth/password-change', { challengeToken: GOOD_PASSWORD, newPassword: GOOD_PASSWORD }],
    ['/auth/forgot-password', { email: GOOD_PASSWORD }],
    ['/auth/step-up', { password: GOOD_PASSWORD, code: temporaryPassword }],
    ['/users', { email: GOOD_PASSWORD, name: 'x', role: GOOD_PASSWORD }],
  ];
  for (const [path, body] of slips) {
    const headers = { 'Content-Type': 'application/json' };
    keep(`slip ${path}`, await owner.post(path, body, headers));
  }
  keep('bearer slip', await owner.get('/users/me', { Authorization: `Bearer ${GOOD_PASSWORD}` }));
  keep('query slip', await owner.get(`/users?password=${encodeURIComponent(GOOD_PASSWORD)}`));
  keep('cursor slip', await owner.get(`/users?cursor=${encodeURIComponent(temporaryPassword)}`));
  keep('logout', await owner.post('/auth/logout'));
  for (const row of await test.database.client.user.findMany({ select: { passwordHash: true } }))
    if (row.passwordHash !== null) secrets.add(row.passwordHash);
  return { secrets: [...secrets], answers, temporaryPassword };
}

describe('a secret', () => {
  it('reaches no log line, no answer it was not meant for and no column of the database, a whole life long [A-10] [L-7] [V16.2.5]', async () => {
    const { secrets, answers, temporaryPassword } = await aWholeLife();
    expect(secrets.length).toBeGreaterThan(15);
    const log = test.logLines.join('');
    expect(log.split('\n').length).toBeGreaterThan(30);
    const stored = await databaseText(test);
    for (const secret of secrets) {
      const forms = [
        secret,
        JSON.stringify(secret).slice(1, -1),
        encodeURIComponent(secret),
        Buffer.from(secret).toString('base64'),
      ];
      const isHash = secret.startsWith('$argon2');
      for (const form of forms) {
        expect({ secret, isLogged: log.includes(form) }).toEqual({ secret, isLogged: false });
        if (!isHash) expect({ secret, isStored: stored.includes(form) }).toEqual({ secret, isStored: false });
        const talkative = answers.filter(({ text }) => text.includes(form)).map(({ what }) => what);
        // A field name that is wrong is named; nothing else of an input is repeated.
        expect({ secret, talkative }).toEqual({ secret, talkative: [] });
      }
      // Nor in the form of bytes.
      const hex = Buffer.from(
        secret,
        /^[\w-]{43}$|^[\w-]{70}$|^[\w-]{72}$/.test(secret) ? 'base64url' : 'utf8',
      ).toString('hex');
      expect({ secret, isStored: stored.includes(hex) }).toEqual({ secret, isStored: false });
    }
    expect(stored).toContain('$argon2id$v=19$m=19456,t=2,p=1$');
    expect(log).not.toMatch(/\$argon2|eyJ[\w-]+\.|Bearer |refresh=|authorization|set-cookie/i);
    expect(answers.some(({ text }) => /argon2|passwordHash|credentialVersion|tokenHash/.test(text))).toBe(
      false,
    );
    expect(temporaryPassword).toMatch(/^[2-9A-HJ-NP-Za-km-z]{24}$/);
  });
});

/** Fields of requests and answers that carry a secret; "code" is left out, which is also the name of an error's. */
const SECRET_NAMES = [
  'password',
  'currentPassword',
  'newPassword',
  'temporaryPassword',
  'accessToken',
  'refreshToken',
  'challengeToken',
  'backupCode',
  'backupCodes',
  'secret',
  'otpauthUrl',
  'qrCode',
  'apiKey',
  'webhookSecret',
  'token',
  'key',
];

describe('the log', () => {
  /** Sends bytes that a well-behaved client would refuse to send. */
  function sendBytes(text: string): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect(Number(new URL(test.url).port), '127.0.0.1', () => socket.write(text, 'latin1'));
      socket.on('data', () => undefined);
      socket.on('error', () => resolve());
      socket.on('close', () => resolve());
    });
  }

  it('is one JSON object per line, whatever user agent, path or address say [V16.4.1]', async () => {
    const from = test.logLines.length;
    const forged = '{"level":"info","msg":"forged"}';
    const requests = [
      `GET /users/me?x=%0a${encodeURIComponent(forged)} HTTP/1.1\r\nHost: x\r\nUser-Agent: a\tb\x80\x85\x9b31m${forged}\r\nConnection: close\r\n\r\n`,
      `GET /%0d%0a${encodeURIComponent(forged)}%1b[31m HTTP/1.1\r\nHost: x\r\nUser-Agent: "\\u000a${forged}\r\nConnection: close\r\n\r\n`,
      `GET /a HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.2.3.4 ${forged}\r\nUser-Agent: ${'\xff'.repeat(9000)}\r\nConnection: close\r\n\r\n`,
      `GET /a HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${forged}\r\nUser-Agent: %0a${forged}\r\nConnection: close\r\n\r\n`,
      `GET /a\n${forged} HTTP/1.1\r\nHost: x\r\n\r\n`,
      `GET /\xe2\x80\xa8${forged} HTTP/1.1\r\nHost: x\r\n\r\n`,
    ];
    for (const bytes of requests) await sendBytes(bytes);
    const lines = test.logLines.slice(from);
    expect(lines.length).toBeGreaterThanOrEqual(4);
    for (const line of lines) {
      expect(line.indexOf('\n')).toBe(line.length - 1);
      expect(line).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/);
      const entry = JSON.parse(line) as Record<string, unknown>;
      expect(entry['msg']).not.toBe('forged');
      expect(Object.keys(entry)).toEqual(expect.arrayContaining(['level', 'time', 'msg']));
      expect(String(entry['userAgent'] ?? '').length).toBeLessThanOrEqual(512);
      expect(String(entry['path'] ?? '').length).toBeLessThanOrEqual(256);
      if (entry['requestId'] !== undefined) expect(entry['requestId']).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('blanks what carries a secret by its name, should a line ever hold it [F-62]', () => {
    const lines: string[] = [];
    const logger = createLogger({ logLevel: 'info' }, { write: (line: string) => void lines.push(line) });
    const document = JSON.stringify(test.app.get(DocsService).document);
    const names = SECRET_NAMES.filter((name) => document.includes(`"${name}"`));
    expect(names).toEqual(SECRET_NAMES);
    for (const name of [...names, 'authorization', 'cookie', 'set-cookie', 'x-service-key', 'passwordHash'])
      logger.info({ [name]: 'LEAK', inside: { [name]: 'LEAK' } }, name);
    expect(lines).toHaveLength(names.length + 5);
    expect(lines.filter((line) => line.includes('LEAK'))).toEqual([]);
  });

  it('keeps an error of the inside for itself: the answer has a request id, the log has the rest [O-7]', async () => {
    const admin = await aSignedInAdmin(test);
    const person = await aPerson(test);
    const fault = new Error('argon2: out of cheese');
    jest.spyOn(test.app.get(PasswordHasher), 'verify').mockRejectedValueOnce(fault);
    const body = JSON.stringify({ email: person.email, password: GOOD_PASSWORD });
    const answer = await send(test, { method: 'POST', path: '/auth/login', body });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toMatch(/argon|cheese|Error:|stack|node_modules/);
    const line = test.logLines.find(
      (entry) => entry.includes(String(answer.json['requestId'])) && entry.includes('"level":"error"'),
    );
    expect(JSON.parse(line!)).toMatchObject({
      code: 'INTERNAL',
      err: { stack: expect.any(String) as string },
    });
    expect(test.logLines.join('')).not.toContain(admin.client.accessToken!);
  });
});
