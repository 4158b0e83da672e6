// The second factor as a stranger's tools see it: the built server, enrolled with the codes of oathtool (an independent
// generator) from the address that zbarimg reads out of the QR code. Needs `npm run build` first; takes some 5 to 13 seconds.
//
//   node test/outside/second-factor.mjs
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TOOLS = { oathtool: 'oathtool', zbarimg: 'zbar-tools', 'rsvg-convert': 'librsvg2-bin' };
const root = join(import.meta.dirname, '../..');
const PASSWORD = 'Kuda-lepas7 meja hijau';

const missing = Object.keys(TOOLS).filter((tool) => spawnSync(tool, ['--version']).error !== undefined);
if (missing.length > 0) {
  const packages = missing.map((tool) => TOOLS[tool]).join(' ');
  console.log(`skipped: ${missing.join(', ')} not found (Debian: apt-get install ${packages})`);
  process.exit(0);
}

const work = mkdtempSync(join(tmpdir(), 'benteng-outside-'));
const port = await freePort();
const server = spawn(process.execPath, ['dist/main.js'], {
  cwd: root,
  env: {
    PATH: process.env.PATH,
    PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    DATA_DIR: join(work, 'data'),
    LOG_LEVEL: 'warn',
  },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = new Promise((resolve) => server.once('exit', resolve));
try {
  await walk(await firstAdministrator());
  console.log('ok: enrolled and signed in with the codes of oathtool, from the QR code as zbarimg reads it');
} finally {
  server.kill('SIGTERM');
  await ended;
  rmSync(work, { recursive: true, force: true });
}

async function walk({ email, password }) {
  const forced = await post('/auth/login', { email, password });
  assert.equal(forced.status, 'password_change_required');
  const change = { challengeToken: forced.challengeToken, newPassword: PASSWORD };
  const { accessToken } = await post('/auth/password-change', change);

  const setup = await post('/two-factor/setup', undefined, accessToken);
  const address = readQrCode(setup.qrCode);
  assert.equal(address, setup.otpauthUrl);
  const secret = new URL(address).searchParams.get('secret');
  assert.equal(secret, setup.secret);

  // Confirmed with the code of the step before, so that the present one is still good for the sign-in: nobody waits.
  await untilEarlyInStep();
  const earlier = codeOf(secret, -30);
  const { backupCodes } = await post('/two-factor/enable', { code: earlier }, accessToken);
  assert.equal(backupCodes.length, 8);

  const { status, challengeToken } = await post('/auth/login', { email, password: PASSWORD });
  assert.equal(status, 'two_factor_required');
  assert.equal(
    (await send('/auth/two-factor', { challengeToken, code: earlier })).status,
    401,
    'a spent code',
  );
  const login = await post('/auth/two-factor', { challengeToken, code: codeOf(secret) });
  assert.equal(login.status, 'authenticated');
  assert.equal(login.user.twoFactorEnabled, true);

  const again = await post('/auth/login', { email, password: PASSWORD });
  const proof = { challengeToken: again.challengeToken, backupCode: backupCodes[0].toLowerCase() };
  assert.equal((await post('/auth/two-factor', proof)).status, 'authenticated');
}

/** The code that oathtool computes, `offset` seconds from now. */
function codeOf(secret, offset = 0) {
  const now = `@${Math.floor(Date.now() / 1000) + offset}`;
  return run('oathtool', ['--totp', '-b', '--now', now, secret]).trim();
}

/** Where the present time step is about to end, until the next one begins: the server keeps real time. */
async function untilEarlyInStep() {
  const passed = Date.now() % 30_000;
  if (passed > 22_000) await new Promise((resolve) => setTimeout(resolve, 30_050 - passed));
}

/** What zbarimg reads in the SVG of a data URL. */
function readQrCode(dataUrl) {
  const svg = join(work, 'code.svg');
  const png = join(work, 'code.png');
  writeFileSync(svg, Buffer.from(dataUrl.replace('data:image/svg+xml;base64,', ''), 'base64'));
  run('rsvg-convert', ['--width=600', '--background-color=white', `--output=${png}`, svg]);
  return run('zbarimg', ['--quiet', '--raw', '--oneshot', png]).trim();
}

function run(tool, parameters) {
  const { status, stdout, stderr } = spawnSync(tool, parameters, { encoding: 'utf8' });
  assert.equal(status, 0, `${tool} failed: ${stderr}`);
  return stdout;
}

/** The account that the server prints at its first start. */
async function firstAdministrator() {
  let output = '';
  for await (const chunk of server.stdout) {
    output += chunk;
    const [, email] = /First administrator: (\S+)/.exec(output) ?? [];
    const [, password] = /Temporary password[^:]*: (\S+)\n/.exec(output) ?? [];
    if (email && password) return { email, password };
  }
  throw new Error(`the server did not start:\n${output}`);
}

async function send(path, body, token) {
  const headers = {
    ...(body && { 'Content-Type': 'application/json' }),
    ...(token && { Authorization: `Bearer ${token}` }),
  };
  const options = { method: 'POST', headers, ...(body && { body: JSON.stringify(body) }) };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, options);
  return { status: response.status, body: await response.json() };
}

async function post(path, body, token) {
  const { status, body: answer } = await send(path, body, token);
  assert.equal(status, 200, `${path}: ${JSON.stringify(answer)}`);
  return answer;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port: free } = probe.address();
      probe.close(() => resolve(free));
    });
  });
}
