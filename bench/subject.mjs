// What every measurement needs: a server with room for it, accounts, sessions and load.
import { LIMIT_RULES } from '../dist/platform/config/config.js';
import { freePort, runHelper } from './processes.mjs';

const PASSWORD = 'Kuda-lepas7 meja hijau';

/** Real limits refuse exactly what is measured here; everything else stays as people run it. */
export async function environmentOf(dataDir, databaseUrl) {
  const { NODE_OPTIONS: _unused, ...inherited } = process.env;
  return {
    ...inherited,
    NODE_ENV: 'development',
    HOST: '127.0.0.1',
    PORT: String(await freePort()),
    DATA_DIR: dataDir,
    DATABASE_URL: databaseUrl ?? '',
    DATABASE_MIGRATION_URL: '',
    REGISTRATION: 'open',
    TRUST_PROXY: 'none',
    ...Object.fromEntries(LIMIT_RULES.map((rule) => [`RATE_LIMIT_${rule}`, '900000000/1'])),
  };
}

/** Makes accounts through the API, each with an organization of its own that it administers. */
export async function createUsers(base, count) {
  const users = Array.from({ length: count }, (_, i) => ({
    email: `person${i}@example.com`,
    password: PASSWORD,
  }));
  let next = 0;
  const work = async () => {
    while (next < users.length) {
      const i = next++;
      const body = { ...users[i], name: `Person ${i}`, organizationName: `Organization ${i}` };
      const response = await post(`${base}/auth/register`, body);
      if (response.status !== 202)
        throw new Error(`registration answered ${response.status}: ${await response.text()}`);
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return users;
}

/** @returns the access token and the cookies of the session and of the browser. */
export async function signIn(base, { email, password }, headers = {}) {
  const response = await post(`${base}/auth/login`, { email, password }, headers);
  if (response.status !== 200) throw new Error(`login answered ${response.status}: ${await response.text()}`);
  const { accessToken } = await response.json();
  const [cookie, device] = response.headers.getSetCookie().map((line) => line.split(';', 1)[0]);
  return { accessToken, cookie, device };
}

/** Runs the load generator for a while. */
export function load(kind, url, connections, seconds, more = {}) {
  return runHelper('load.mjs', { kind, url, connections, seconds, ...more });
}

async function post(url, body, headers = {}) {
  return fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

export function mean(results, field) {
  return results.reduce((sum, result) => sum + result[field], 0) / results.length;
}

export function say(text) {
  process.stderr.write(`${text}\n`);
}
