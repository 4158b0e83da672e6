// A stranger's first minutes with a checkout: npm start, the printed temporary password, the forced change, a restart
// that finds the data again. Uses nothing but Node.
//
//   node .ci/walk.mjs <checkout> <empty folder for data>
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

const [checkout, dataDir] = process.argv.slice(2);
const READY_SECONDS = { first: 420, later: 30 };
const newPassword = 'Perahu_tenang9 batu langit';

const port = await freePort();
const url = `http://127.0.0.1:${port}`;
let server;
try {
  server = await start(READY_SECONDS.first);
  const email = capture(/First administrator: (\S+)/);
  const password = capture(/Temporary password[^:]*: (\S+)/);
  const first = await post('/auth/login', { email, password });
  expect(
    first.status === 'password_change_required',
    'the temporary password leads to the forced change',
    first,
  );
  const changed = await post('/auth/password-change', { challengeToken: first.challengeToken, newPassword });
  expect(changed.status === 'authenticated', 'the forced change signs in', changed);
  const me = await getMe(changed.accessToken);
  expect(me.email === email && me.role === 'ADMIN', 'the first administrator is signed in', me);
  await stop();

  server = await start(READY_SECONDS.later);
  expect(
    !server.output.includes('Temporary password'),
    'a second start makes no second administrator',
    server.output,
  );
  expect((await getMe(changed.accessToken)).id === me.id, 'the session outlives the restart');
  const again = await post('/auth/login', { email, password: newPassword });
  expect(again.status === 'authenticated', 'the new password outlives the restart', again);
  await stop();
} catch (error) {
  console.error(`The walk failed: ${error.message}\n${server?.output ?? ''}`);
  process.exitCode = 1;
} finally {
  kill('SIGKILL');
}

/** Runs `npm start` in a process group of its own and waits for the ready line. */
async function start(seconds) {
  const startedAt = performance.now();
  const child = spawn('npm', ['start', '--silent'], {
    cwd: checkout,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PORT: String(port), DATA_DIR: dataDir, LOG_LEVEL: 'warn' },
  });
  const state = { child, output: '' };
  server = state;
  const ready = new Promise((resolve, reject) => {
    const listen = (chunk) => {
      state.output += chunk;
      if (/Benteng is ready at \S+\n/.test(state.output)) resolve();
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('exit', (code) => reject(new Error(`npm start ended with ${code} before it was ready`)));
    setTimeout(
      () => reject(new Error(`npm start was not ready within ${seconds} s`)),
      seconds * 1000,
    ).unref();
  });
  await ready;
  console.log(`ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  // The lines about the administrator follow the ready line in the same breath.
  await new Promise((resolve) => setTimeout(resolve, 300));
  return state;
}

/** Asks the server to end and waits until nothing of it is left; npm itself may be gone before its child. */
async function stop() {
  kill('SIGTERM');
  const deadline = performance.now() + 15_000;
  while (isRunning() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(!isRunning(), 'the server ends when it is asked to');
}

function isRunning() {
  try {
    process.kill(-server.child.pid, 0);
    return true;
  } catch {
    return false;
  }
}

function kill(signal) {
  try {
    if (server) process.kill(-server.child.pid, signal);
  } catch {
    // It has ended already.
  }
}

function capture(pattern) {
  const [, value] = pattern.exec(server.output) ?? [];
  if (value === undefined) throw new Error(`the output lacks ${pattern}`);
  return value;
}

async function post(path, body) {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  return response.json();
}

async function getMe(accessToken) {
  const response = await fetch(`${url}/users/me`, { headers: { Authorization: `Bearer ${accessToken}` } });
  expect(response.status === 200, 'GET /users/me answers 200', response.status);
  return response.json();
}

function expect(holds, sentence, seen) {
  if (!holds) throw new Error(`${sentence}: no${seen === undefined ? '' : `, but ${JSON.stringify(seen)}`}`);
  console.log(`  ${sentence}`);
}

async function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port: free } = probe.address();
      probe.close(() => resolve(free));
    });
  });
}
