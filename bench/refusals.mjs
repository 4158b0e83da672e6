// What a flood meets: how fast requests above the global limit are refused, whatever they send, against the bare route.
import { freePort, startNode, stopProcess, waitUntilOk } from './processes.mjs';
import { load, mean, say } from './subject.mjs';
import { against } from './table.mjs';

const CONNECTIONS = 32;
const ROUNDS = 2;
/** A flood refused at this share of the bare route's rate costs about what it costs to be reached at all. */
const LEAST = 0.6;
const JSON_TYPE = { 'content-type': 'application/json' };

const KINDS = {
  'a route': { path: '/users/me' },
  'an unknown path': { path: '/nowhere' },
  'a broken body': { method: 'POST', path: '/auth/login', headers: JSON_TYPE, body: '{'.repeat(200) },
  'a wrong type': { method: 'POST', path: '/auth/login', headers: { 'content-type': 'x/y' }, body: 'a=1' },
  'a body of 20 KB': { method: 'POST', path: '/auth/login', headers: JSON_TYPE, body: 'x'.repeat(20_000) },
  'a preflight': {
    method: 'OPTIONS',
    path: '/users',
    headers: { origin: 'https://app.example.com', 'access-control-request-method': 'GET' },
  },
};

/** @returns rows of the table. `environment` is that of the subject; the limit is set here. */
export async function measureRefusals({ environment, seconds }) {
  const port = await freePort();
  const barePort = await freePort();
  const limited = { ...environment, PORT: String(port), RATE_LIMIT_GLOBAL: '300/60', LOG_LEVEL: 'info' };
  const server = startNode(['dist/main.js'], limited);
  const bare = startNode(['bench/bare-route.mjs', String(barePort)], environment);
  const bareUrl = `http://127.0.0.1:${barePort}/bare`;
  const base = `http://127.0.0.1:${port}`;
  try {
    await waitUntilOk(`${base}/health/ready`, server);
    await waitUntilOk(bareUrl, bare);
    const rows = [];
    for (const [what, { path, ...request }] of Object.entries(KINDS)) {
      say(`above the limit: ${what} …`);
      const bareRounds = [];
      const rounds = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const share = seconds / ROUNDS / 2;
        bareRounds.push(await load('get', bareUrl, CONNECTIONS, share));
        rounds.push(await load('any', `${base}${path}`, CONNECTIONS, share, { request }));
      }
      const rate = mean(rounds, 'answersPerSecond');
      const bareRate = mean(bareRounds, 'perSecond');
      rows.push(against(`refused above the limit: ${what}`, rate, bareRate, '/s bare route', LEAST));
    }
    return rows;
  } finally {
    await Promise.all([stopProcess(server), stopProcess(bare)]);
  }
}
