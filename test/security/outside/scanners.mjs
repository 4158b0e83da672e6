// sqlmap and wapiti against the running program, with a signed-in administrator's token, on loopback and for a bounded
// time. Both first have to find the holes of a small server that has them: a scanner that finds nothing anywhere proves
// nothing. At the end no request may have been answered with 5xx, and the program must be healthy.
//
//   node test/security/outside/scanners.mjs [--quick]      all of it takes 2 minutes, --quick one
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { LIMIT_RULES } from '../../../dist/platform/config/config.js';
import { startProgram } from '../../../scripts/program.mjs';
import { needTools, post, postOk } from '../../outside/tools.mjs';

const PASSWORD = 'Kuda-lepas7 meja hijau';
const METRICS_TOKEN = 'token-for-the-numbers-of-this-check';
const isQuick = process.argv.includes('--quick');
const SQLMAP_SECONDS = isQuick ? 30 : 150;
const WAPITI_SECONDS = isQuick ? 30 : 180;
const SQLMAP_LEVEL = isQuick ? 1 : 2;

needTools({ sqlmap: 'sqlmap', wapiti: 'wapiti' });
const holes = await startHoles();
const program = await startProgram({
  METRICS_TOKEN,
  // The scanners are to reach the code behind the limits.
  ...Object.fromEntries(LIMIT_RULES.map((rule) => [`RATE_LIMIT_${rule}`, '900000000/1'])),
});
/** What a scanner reports and we leave, each with its reason. */
const EXPLAINED = [
  // Withdrawn from browsers, and a hole of its own where it still worked (OWASP Secure Headers); the CSP does its work.
  /X-XSS-Protection is not set/,
  // Sent with FORCE_HTTPS, which plain HTTP on loopback cannot have (test/e2e/headers.spec.ts shows it).
  /Strict-Transport-Security is not set/,
];
let failures = 0;
try {
  const token = await signIn();
  const { integrationId, userId } = await prepareData(token);
  const document = await get('/docs/openapi.json');

  const found = await sqlmap('a query that is put together from text', `${holes.url}/search?name=x`);
  expect('sqlmap finds the hole it must find', found === 'injectable', found);
  for (const target of sqlTargets({ integrationId, userId }).slice(0, isQuick ? 3 : undefined)) {
    const verdict = await sqlmap(target.name, program.url + target.path, {
      ...target,
      token: await signIn(),
    });
    expect(`sqlmap: ${target.name}`, verdict === 'not injectable', verdict);
  }

  const control = await wapiti([`${holes.url}/search?name=x`], holes.url);
  expect('wapiti finds the hole it must find', control.some(isSerious), control.join(', ') || 'nothing');
  const addresses = addressesOf(document, { integrationId, userId });
  const reports = await wapiti(addresses, program.url, await signIn());
  const unexplained = reports.filter((report) => !EXPLAINED.some((pattern) => pattern.test(report)));
  expect(`wapiti: ${addresses.length} addresses`, unexplained.length === 0, unexplained.join(', '));

  const { errors, requests } = await countAnswers();
  expect(
    `no 5xx among ${requests} answers`,
    requests > 1000 / (isQuick ? 4 : 1) && errors.length === 0,
    errors.join('\n'),
  );
  expect('ready afterwards', (await fetch(`${program.url}/health/ready`)).status === 200, 'not ready');
  expect('the account still signs in', (await signIn()) !== undefined, 'refused');
} finally {
  await program.stop();
  await holes.close();
}
process.exitCode = failures > 0 ? 1 : 0;

function expect(name, isTrue, otherwise) {
  console.log(isTrue ? `ok: ${name}` : `FAILED: ${name}: ${otherwise}`);
  if (!isTrue) failures += 1;
}

/** What takes text from callers, as valid requests that sqlmap varies; `*` marks where it may not find the place itself. */
function sqlTargets({ integrationId, userId }) {
  const json = (name, path, body, method = 'POST') => ({ name, path, body, method });
  const query = (name, path) => ({ name, path, method: 'GET' });
  return [
    query('search of people', '/users?search=person&role=ADMIN&limit=5'),
    json('sign-in', '/auth/login', { email: 'person@example.com', password: 'wrong password 1' }),
    query(
      'filters of the login audit',
      '/audit/login-attempts?email=a@example.com&ip=192.0.2.1&success=true',
    ),
    query('cursor of a list', '/users?cursor=abc*'),
    query('an id in the path', `/users/${userId}*`),
    query(
      'filters of the trail',
      `/audit/events?action=session.started&actorId=${userId}&from=2026-01-01T00:00:00Z`,
    ),
    json('a name', '/users/me', { name: 'Sri', locale: 'id' }, 'PATCH'),
    json('a new person', '/users', { email: 'sqlmap@example.com', name: 'Sri', role: 'USER' }),
    json('a call for help', '/auth/forgot-password', { email: 'person@example.com' }),
    json('a refused challenge', '/auth/two-factor', { challengeToken: 'x'.repeat(43), code: '123456' }),
    json('an integration', '/integrations', {
      provider: 'CUSTOM',
      label: 'Shop',
      webhookScheme: 'hmac',
      accessToken: 'abc',
    }),
    json('a webhook', `/webhooks/${integrationId}`, { type: 'order', order: 7 }),
  ];
}

/** @returns "injectable", "not injectable", or why there is no verdict. */
async function sqlmap(name, url, { method = 'GET', body, token } = {}) {
  const output = await run(
    'sqlmap',
    [
      ['-u', url, '--method', method, '--batch', '--disable-coloring', '--flush-session'],
      [
        '--level',
        String(SQLMAP_LEVEL),
        '--risk',
        '1',
        '--dbms',
        'PostgreSQL',
        '--technique',
        'BEUST',
        '--time-sec',
        '2',
      ],
      ['--ignore-code', '400,401,403,404,409,415,422', '--skip-waf', '--timeout', '10', '--retries', '1'],
      ['--output-dir', join(program.folder, 'sqlmap'), '--skip', 'user-agent,referer,host'],
      token
        ? ['--headers', `Authorization: Bearer ${token}${body ? '\nContent-Type: application/json' : ''}`]
        : [],
      body ? ['--data', JSON.stringify(body)] : [],
    ].flat(),
    SQLMAP_SECONDS,
  );
  if (/identified the following injection point|is vulnerable/i.test(output)) return 'injectable';
  if (/do(es)? not appear to be injectable/i.test(output)) return 'not injectable';
  // Out of time: every parameter that it came to was found sound.
  if (/seems? to be|might be injectable/i.test(output))
    return `undecided about ${name}: ${output.slice(-500)}`;
  if (/does not seem to be injectable/i.test(output)) return 'not injectable';
  return `no verdict: ${output.slice(-800)}`;
}

/** @returns what it reports, as `category: where`. */
async function wapiti(addresses, base, token) {
  const report = join(program.folder, `wapiti-${new URL(base).port}.json`);
  await run(
    'wapiti',
    [
      ['-u', `${base}/`, '--scope', 'domain', '-d', '1', '--flush-session', '--no-bugreport', '-v', '0'],
      addresses.flatMap((address) => ['-s', address]),
      [
        '-m',
        'sql,blindsql,xss,permanentxss,exec,file,crlf,redirect,ssrf,xxe,http_headers,cookieflags,csp,methods,backup',
      ],
      ['--max-scan-time', String(WAPITI_SECONDS), '--max-attack-time', String(Math.ceil(WAPITI_SECONDS / 6))],
      ['--store-session', join(program.folder, 'wapiti'), '-f', 'json', '-o', report],
      token ? ['-H', `Authorization: Bearer ${token}`] : [],
    ].flat(),
    WAPITI_SECONDS * 2,
  );
  const { vulnerabilities, anomalies } = JSON.parse(readFileSync(report, 'utf8'));
  return Object.entries({ ...vulnerabilities, ...anomalies }).flatMap(([category, list]) =>
    list.map(({ method, path, parameter, info }) => `${category}: ${method} ${path} ${parameter} ${info}`),
  );
}

function isSerious(report) {
  return /^(SQL Injection|Blind SQL Injection|Cross Site Scripting|Reflected Cross Site Scripting)/.test(
    report,
  );
}

/** Every GET route of the document, with a value for each of its parameters. */
function addressesOf({ paths }, ids) {
  return Object.entries(paths)
    .filter(([, methods]) => methods.get !== undefined)
    .map(([path, { get: operation }]) => {
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, name) =>
        path.startsWith('/users') || name === 'userId' ? ids.userId : ids.integrationId,
      );
      const query = (operation.parameters ?? [])
        .filter((parameter) => parameter.in === 'query')
        .map(({ name, schema }) => [name, String(schema.enum?.[0] ?? (schema.type === 'integer' ? 5 : 'x'))]);
      return `${program.url}${filled}${query.length > 0 ? `?${new URLSearchParams(query)}` : ''}`;
    });
}

async function signIn() {
  const { email, password } = program;
  const first = await postOk(`${program.url}/auth/login`, {
    email,
    password: program.changed ? PASSWORD : password,
  });
  if (first.status === 'authenticated') return first.accessToken;
  program.changed = true;
  const change = { challengeToken: first.challengeToken, newPassword: PASSWORD };
  return (await postOk(`${program.url}/auth/password-change`, change)).accessToken;
}

/** Something to find: a person and an integration. */
async function prepareData(token) {
  const make = async (path, body) => {
    const { status, body: made } = await post(program.url + path, body, token);
    if (status !== 201) throw new Error(`${path} answered ${status}: ${JSON.stringify(made)}`);
    return made.id;
  };
  return {
    userId: await make('/users', { email: 'person@example.com', name: 'Person' }),
    integrationId: await make('/integrations', {
      provider: 'CUSTOM',
      label: 'Shop',
      webhookScheme: 'hmac',
      webhookSecret: 'x'.repeat(32),
    }),
  };
}

async function get(path, token) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const response = await fetch(program.url + path, { headers });
  const text = await response.text();
  return /json/.test(response.headers.get('content-type')) ? JSON.parse(text) : text;
}

/** From the program's own numbers: how many answers, and which of them were 5xx. */
async function countAnswers() {
  const lines = (await get('/metrics', METRICS_TOKEN))
    .split('\n')
    .filter((line) => line.startsWith('benteng_http_request_duration_seconds_count'));
  const requests = lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  return { requests, errors: lines.filter((line) => /status="5/.test(line)) };
}

/** A server with two holes: SQL made from text, and markup that is given back as it came. */
async function startHoles() {
  const database = await PGlite.create();
  await database.exec("CREATE TABLE people (name text); INSERT INTO people VALUES ('x'), ('y')");
  const server = createServer((request, response) => {
    const name = new URL(request.url, 'http://x').searchParams.get('name') ?? '';
    void database.query(`SELECT name FROM people WHERE name = '${name}'`).then(
      ({ rows }) =>
        response.setHeader('Content-Type', 'text/html').end(`<p>${name}: ${JSON.stringify(rows)}</p>`),
      (error) =>
        response.writeHead(500, { 'Content-Type': 'text/html' }).end(`<p>${name}: ${error.message}</p>`),
    );
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: async () => {
      server.close();
      await database.close();
    },
  };
}

/** Runs a tool and gives what it printed; it is ended when its time is over. */
function run(command, args, seconds) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, HOME: program.folder },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    const timer = setTimeout(() => child.kill('SIGTERM'), seconds * 1000);
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(timer);
      resolve(output);
    });
  });
}
