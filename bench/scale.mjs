// What grows with the data: two servers of one build, one on a database that is nearly empty, one on the same database
// with many more people, sessions, attempts and events. Both run as the application role, under row security.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createRoles } from './application-roles.mjs';
import { addDueAttempts, populate } from './population.mjs';
import { freePort, startNode, stopProcess, waitUntilOk } from './processes.mjs';
import { copyDatabase, createScratchDatabase } from './scratch-database.mjs';
import { against } from './table.mjs';
import { createUsers, environmentOf, load, mean, say, signIn } from './subject.mjs';

const ACCOUNTS = 200;
const ROUNDS = 3;
/** A page or two of everything, so that both answer as much. */
const FEW = {
  series: 1,
  users: 250,
  sessions: 250,
  attempts: 500,
  events: 500,
  flagged: 50,
  admins: 50,
  suspended: 50,
};
const DUE = 50_000;

/** @param users how many people; five times as many attempts, as many sessions and events. */
export async function runScale({ serverUrl, seconds, users }) {
  const dataDir = mkdtempSync(join(tmpdir(), 'benteng-bench-'));
  const cleanUps = [() => rmSync(dataDir, { recursive: true, force: true })];
  let cleaning;
  // Once, and to its end, whoever asks first: a signal or the end of the run.
  const cleanUp = () =>
    (cleaning ??= (async () => {
      for (const undo of cleanUps.toReversed()) await undo();
    })());
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => void cleanUp().finally(() => process.exit(130)));
  }
  try {
    const small = await createScratchDatabase(serverUrl);
    cleanUps.push(() => small.drop());
    const accounts = await prepareSmall(dataDir, small.url);
    const large = await copyDatabase(serverUrl, small.url);
    cleanUps.push(() => large.drop());
    const sides = [];
    for (const [name, { url }] of Object.entries({ small, large })) {
      const admin = new pg.Pool({ connectionString: url, max: 2 });
      const roles = await createRoles(admin, url, name);
      // The roles hold on to their database, the database to its connections.
      cleanUps.push(async () => {
        await roles.drop();
        await admin.end();
      });
      sides.push({ admin, environment: await environmentOf(dataDir, roles.url) });
    }
    const counts = {
      series: 2,
      users,
      sessions: users,
      attempts: 5 * users,
      events: users,
      flagged: Math.round(users / 200),
      admins: Math.round(users / 1000),
      suspended: Math.round(users / 500),
    };
    const startedAt = performance.now();
    await populate(sides[1].admin, counts, (table) => say(`making ${table} …`));
    const size = await sizeOf(sides[1].admin);
    say(`${size.toFixed(1)} GiB in ${Math.round((performance.now() - startedAt) / 1000)} s`);
    const rows = await measureBoth(sides, accounts, seconds);
    rows.push(await measureRetention(sides));
    return {
      database: `PostgreSQL, ${users.toLocaleString('en')} people, ${counts.attempts.toLocaleString('en')} attempts, ${size.toFixed(1)} GiB`,
      seconds,
      rows,
    };
  } finally {
    await cleanUp();
  }
}

/** Accounts made through the API, and a little of everything. */
async function prepareSmall(dataDir, url) {
  const environment = await environmentOf(dataDir, url);
  const base = `http://127.0.0.1:${environment.PORT}`;
  const server = startNode(['dist/main.js'], environment);
  try {
    await waitUntilOk(`${base}/health/ready`, server);
    say(`making ${ACCOUNTS} accounts …`);
    const accounts = await createUsers(base, ACCOUNTS);
    for (const account of accounts) account.cookie = (await signIn(base, account)).device;
    const admin = new pg.Pool({ connectionString: url, max: 1 });
    await populate(admin, FEW);
    await admin.end();
    return accounts;
  } finally {
    await stopProcess(server);
  }
}

async function measureBoth(sides, users, seconds) {
  const servers = [];
  try {
    for (const side of sides) {
      side.base = `http://127.0.0.1:${side.environment.PORT}`;
      const server = startNode(['dist/main.js'], side.environment);
      servers.push(server);
      await waitUntilOk(`${side.base}/health/ready`, server);
      side.token = (await signIn(side.base, users[0])).accessToken;
      side.middlePage = await middlePageOf(side);
    }
    const get = (path) => (side) =>
      load('get', `${side.base}${typeof path === 'string' ? path : path(side)}`, 16, seconds / ROUNDS, {
        token: side.token,
      });
    const works = {
      'logins, 16 at once': ({ base }) =>
        load('login', `${base}/auth/login`, 16, seconds / ROUNDS, { users }),
      'GET /users/me': get('/users/me'),
      'GET /sessions': get('/sessions'),
      'GET /admin/password-resets': get('/admin/password-resets'),
      'GET /users': get('/users'),
      'GET /users?role=ADMIN': get('/users?role=ADMIN'),
      'GET /users?status=SUSPENDED': get('/users?status=SUSPENDED'),
      'GET /users?search=, few match': get('/users?search=person0@'),
      'GET /users?search=, all match': get('/users?search=example.com'),
      'GET /users/me/login-attempts': get('/users/me/login-attempts'),
      'GET /audit/login-attempts': get('/audit/login-attempts'),
      'the same, ?success=true': get('/audit/login-attempts?success=true'),
      'the same, ?email=': get('/audit/login-attempts?email=person0@example.com'),
      'the same, the page in the middle': get(({ middlePage }) => middlePage),
      'GET /audit/events': get('/audit/events'),
      'the same, ?action=': get('/audit/events?action=session.started'),
    };
    const rows = [];
    for (const [measure, work] of Object.entries(works)) {
      say(`${measure} …`);
      const results = sides.map(() => []);
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const [index, side] of sides.entries()) results[index].push(await work(side));
      }
      const [small, large] = results.map((list) => mean(list, 'perSecond'));
      const refused = results.flat().reduce((sum, one) => sum + one.refused, 0);
      if (refused > 0) throw new Error(`${measure}: ${refused} answers were not 2xx`);
      rows.push(
        against(measure, large, small, '/s nearly empty', measure === 'GET /users/me' ? 0.9 : undefined),
      );
    }
    return rows;
  } finally {
    await Promise.all(servers.map(stopProcess));
  }
}

/** The address of the page that begins in the middle of the login audit of the first organization. */
async function middlePageOf({ admin }) {
  const { rows } = await admin.query(`
    WITH own AS (
      SELECT a.id, a.created_at FROM benteng.login_attempts AS a
      JOIN benteng.users AS u ON u.organization_id = a.organization_id WHERE u.email = 'person0@example.com')
    SELECT id, created_at FROM own ORDER BY created_at DESC, id DESC
    OFFSET (SELECT count(*) / 2 FROM own) LIMIT 1`);
  const [{ id, created_at: createdAt }] = rows;
  const cursor = Buffer.from(`${createdAt.toISOString()}|${id}`).toString('base64url');
  return `/audit/login-attempts?cursor=${cursor}`;
}

/** The command itself, on the same number of due rows on both sides. */
async function measureRetention(sides) {
  const rates = [];
  for (const { admin, environment } of sides) {
    await addDueAttempts(admin, DUE);
    await admin.query('VACUUM ANALYZE benteng.login_attempts');
    const startedAt = performance.now();
    const run = spawnSync(
      process.execPath,
      ['dist/cli/main.js', 'retention:run', '--only', 'login-attempts', '--yes', '--json'],
      { env: { ...environment, PORT: String(await freePort()) }, encoding: 'utf8' },
    );
    rates.push(DUE / ((performance.now() - startedAt) / 1000));
    const [{ rows }] = run.status === 0 ? JSON.parse(run.stdout).outcomes : [{}];
    if (rows !== DUE) throw new Error(`retention deleted ${rows} instead of ${DUE}: ${run.stderr}`);
  }
  const [small, large] = rates;
  return against(`retention of ${DUE.toLocaleString('en')} attempts`, large, small, '/s nearly empty');
}

async function sizeOf(admin) {
  const { rows } = await admin.query('SELECT pg_database_size(current_database()) / 2 ^ 30 AS size');
  return Number(rows[0].size);
}
