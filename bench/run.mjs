import pg from 'pg';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  freePort,
  pause,
  residentMemory,
  runHelper,
  startNode,
  stopProcess,
  waitUntilOk,
} from './processes.mjs';
import { measureFlood } from './flood.mjs';
import { measureIntake } from './intake.mjs';
import { measureRefusals } from './refusals.mjs';
import { createScratchDatabase } from './scratch-database.mjs';
import { against } from './table.mjs';
import { createUsers, environmentOf, load, mean, say, signIn } from './subject.mjs';

const USERS = 200;
const LOGIN_CONNECTIONS = 16;
const READ_CONNECTIONS = 32;
const CROWD = 100;
/** After it the collector has let go of what only the start needed. */
const IDLE_MS = 20_000;
/** Subject and baseline take turns, so that what else the machine does meets both. */
const ROUNDS = 2;

/** Runs every measurement once, on a database of its own. */
export async function runBench({ seconds, profileFolder }) {
  const dataDir = mkdtempSync(join(tmpdir(), 'benteng-bench-'));
  const serverUrl = process.env.DATABASE_URL;
  const scratch = serverUrl ? await createScratchDatabase(serverUrl) : null;
  const cleanUp = async () => {
    await scratch?.drop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      void cleanUp().finally(() => process.exit(130));
    });
  }
  try {
    const environment = await environmentOf(dataDir, scratch?.url);
    const { rows, users } = await measure({
      environment,
      seconds,
      profileFolder,
      isServer: scratch !== null,
    });
    rows.push(...(await measureFlood({ environment, users, seconds })));
    rows.push(...(await measureRefusals({ environment, seconds })));
    if (scratch) {
      say('the vault …');
      rows.push(...describeVault(await runHelper('vault.mjs', { url: scratch.url, seconds })));
    }
    return {
      database: scratch ? 'PostgreSQL' : 'embedded PostgreSQL',
      seconds,
      rows,
    };
  } finally {
    await cleanUp();
  }
}

async function measure({ environment, seconds, profileFolder, isServer }) {
  const base = `http://127.0.0.1:${environment.PORT}`;
  say('starting …');
  const firstStart = await timeStart(environment, base);
  const secondStart = await timeStart(environment, base);
  const profile = profileFolder ? ['--cpu-prof', `--cpu-prof-dir=${resolve(profileFolder)}`] : [];
  const server = startNode([...profile, 'dist/main.js'], environment);
  const barePort = await freePort();
  const bare = startNode(['bench/bare-route.mjs', String(barePort)], environment);
  const bareUrl = `http://127.0.0.1:${barePort}/bare`;
  try {
    await waitUntilOk(`${base}/health/ready`, server);
    await waitUntilOk(bareUrl, bare);
    say('idle …');
    await pause(IDLE_MS);
    const idleMemory = residentMemory(server);

    say(`making ${USERS} accounts …`);
    const users = await createUsers(base, USERS);
    const sessions = [];
    for (const user of users) {
      const session = await signIn(base, user);
      user.cookie = session.device;
      sessions.push(session);
    }

    say('logins …');
    const hashing = [];
    const logins = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const share = seconds / ROUNDS;
      hashing.push(await runHelper('hash-rate.mjs', { concurrency: LOGIN_CONNECTIONS, seconds: share }));
      logins.push(await load('login', `${base}/auth/login`, LOGIN_CONNECTIONS, share, { users }));
    }
    let crowdedLogins;
    if (isServer) {
      say('a million attempts, and logins again …');
      await addAttempts(environment.DATABASE_URL, 1_000_000);
      crowdedLogins = await load('login', `${base}/auth/login`, LOGIN_CONNECTIONS, seconds, { users });
    }
    say('reads …');
    const bareReads = [];
    const reads = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const share = seconds / ROUNDS;
      bareReads.push(await load('get', bareUrl, READ_CONNECTIONS, share));
      const token = sessions[0].accessToken;
      reads.push(await load('get', `${base}/users/me`, READ_CONNECTIONS, share, { token }));
    }
    say('refreshes …');
    const cookies = sessions.slice(0, READ_CONNECTIONS).map(({ cookie }) => cookie);
    const refreshes = await load('refresh', `${base}/auth/refresh`, READ_CONNECTIONS, seconds, { cookies });
    say(`${CROWD} logins at once …`);
    const crowd = await watchCrowd({ server, base, users, seconds });

    say('webhooks and a workbook …');
    const { accessToken } = sessions[1];
    const intake = await measureIntake({ base, accessToken, server, seconds, load });

    const loginRate = mean(logins, 'perSecond');
    const hashRate = mean(hashing, 'perSecond');
    const readRate = mean(reads, 'perSecond');
    const bareRate = mean(bareReads, 'perSecond');
    const memoryLimit = idleMemory * 2 + 300;
    const rows = [
      {
        measure: `logins, ${LOGIN_CONNECTIONS} at once`,
        value: loginRate,
        unit: '/s',
        baseline: hashRate,
        baselineName: '/s bare argon2id',
        ratio: loginRate / hashRate,
        target: '>= 85 %',
        isMet: loginRate / hashRate >= 0.85,
      },
      ...(crowdedLogins === undefined
        ? []
        : [
            {
              measure: 'logins beside 1,000,000 attempts',
              value: crowdedLogins.perSecond,
              unit: '/s',
              baseline: loginRate,
              baselineName: '/s before',
              ratio: crowdedLogins.perSecond / loginRate,
              target: '>= 90 %',
              isMet: crowdedLogins.perSecond / loginRate >= 0.9,
            },
          ]),
      {
        measure: `GET /users/me, ${READ_CONNECTIONS} at once`,
        value: readRate,
        unit: '/s',
        baseline: bareRate,
        baselineName: '/s bare route',
        ratio: readRate / bareRate,
        target: isServer ? '>= 15 %' : '>= 15 % on PostgreSQL',
        isMet: isServer ? readRate / bareRate >= 0.15 : undefined,
      },
      { measure: 'GET /users/me p99', value: mean(reads, 'p99'), unit: 'ms' },
      { measure: `refreshes, ${READ_CONNECTIONS} at once`, value: refreshes.perSecond, unit: '/s' },
      ...intake,
      { measure: 'first start, empty database', value: firstStart.ready, unit: 's to the ready line' },
      { measure: 'first start, /health/ready', value: firstStart.healthy, unit: 's to 200' },
      {
        measure: 'second start',
        value: secondStart.ready,
        unit: 's to the ready line',
        target: isServer ? '< 2 s' : '< 5 s',
        isMet: secondStart.ready < (isServer ? 2 : 5),
      },
      { measure: 'second start, /health/ready', value: secondStart.healthy, unit: 's to 200' },
      {
        measure: `resident memory, idle for ${IDLE_MS / 1000} s`,
        value: idleMemory,
        unit: 'MiB',
        target: isServer ? '< 190 MiB' : '< 190 MiB on PostgreSQL',
        isMet: isServer ? idleMemory < 190 : undefined,
      },
      {
        measure: `resident memory, ${CROWD} logins at once`,
        value: crowd.memory,
        unit: 'MiB',
        baseline: idleMemory,
        baselineName: 'MiB idle',
        ratio: crowd.memory / idleMemory,
        target: `< ${Math.round(memoryLimit)} MiB (twice idle + 300)`,
        isMet: crowd.memory < memoryLimit,
      },
      { measure: `/health/live p50, ${CROWD} logins wait`, value: crowd.p50, unit: 'ms' },
      {
        measure: `/health/live p99, ${CROWD} logins wait`,
        value: crowd.p99,
        unit: 'ms',
        target: '< 200 ms',
        isMet: crowd.p99 < 200,
      },
      {
        measure: 'answers other than 2xx',
        value: [...logins, ...reads, ...bareReads, refreshes, crowd].reduce(
          (sum, { refused }) => sum + refused,
          0,
        ),
        unit: '',
        target: '0',
        isMet: [...logins, ...reads, ...bareReads, refreshes, crowd].every(({ refused }) => refused === 0),
      },
    ];
    return { rows, users };
  } finally {
    await Promise.all([stopProcess(server), stopProcess(bare)]);
  }
}

/** What the vault costs, as rows of the table. */
function describeVault(vault) {
  const { unencrypted, bare, unbound } = vault;
  return [
    against('create and read, encrypted', vault.encrypted, unencrypted, '/s plain client', 0.9),
    against(
      'the same, an extension that does nothing',
      vault.idle,
      unencrypted,
      '/s plain client',
      undefined,
    ),
    against('rotation, values', vault.rotation, bare, '/s bare loop', 0.6),
    {
      measure: 'rotation, memory at 200,000 rows',
      value: vault.growth,
      unit: 'MiB more than at 10,000',
      target: '< 50 MiB',
      isMet: vault.growth < 50,
    },
    against('read under row security', vault.sameTenant, unbound, '/s without', undefined),
    against('the same, tenants in turn', vault.mixedTenants, unbound, '/s without', undefined),
  ];
}

/** `npm start` without npm: seconds to the ready line, and to the first 200 of /health/ready. */
async function timeStart(environment, base) {
  const startedAt = performance.now();
  const child = startNode(['scripts/start.mjs'], environment, { captured: true });
  let ready;
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
    if (ready === undefined && /Benteng is ready at/.test(output))
      ready = (performance.now() - startedAt) / 1000;
  });
  try {
    await waitUntilOk(`${base}/health/ready`, child);
    const healthy = (performance.now() - startedAt) / 1000;
    while (ready === undefined) await pause(10);
    return { ready, healthy };
  } finally {
    await stopProcess(child);
  }
}

/** Fills the login audit, spread over the accounts and the last 90 days. */
async function addAttempts(url, count) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(
      `INSERT INTO benteng.login_attempts (id, organization_id, user_id, email, success, failure_reason, ip_address,
                                           address_bucket, request_id, created_at)
       SELECT gen_random_uuid(), u.organization_id, u.id, u.email, n % 4 = 0,
              CASE WHEN n % 4 = 0 THEN NULL ELSE 'invalid_password'::benteng.login_failure_reason END,
              '192.0.2.' || n % 250, '192.0.2.' || n % 250, gen_random_uuid(), now() - n * interval '7 seconds'
       FROM generate_series(1, $1::int) AS n
       JOIN (SELECT *, row_number() OVER () AS place FROM benteng.users) AS u ON u.place = n % 200 + 1`,
      [count],
    );
    await client.query('VACUUM ANALYZE benteng.login_attempts');
  } finally {
    await client.end();
  }
}

/** While a crowd signs in without end: the memory of the server, and how soon a probe is answered. */
async function watchCrowd({ server, base, users, seconds }) {
  let isOver = false;
  const logins = load('login', `${base}/auth/login`, CROWD, seconds, { users }).finally(() => {
    isOver = true;
  });
  await pause(1000);
  let memory = 0;
  const latencies = [];
  while (!isOver) {
    const startedAt = performance.now();
    const response = await fetch(`${base}/health/live`);
    await response.arrayBuffer();
    latencies.push(performance.now() - startedAt);
    if (latencies.length % 5 === 0) memory = Math.max(memory, residentMemory(server));
    await pause(20);
  }
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.floor(latencies.length * share)];
  return { memory, p50: at(0.5), p99: at(0.99), refused: (await logins).refused };
}
