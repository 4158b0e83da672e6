// The second factor as a stranger's tools see it: the built server, enrolled with the codes of oathtool (an independent
// generator) from the address that zbarimg reads out of the QR code. Needs `npm run build` first; takes some 5 to 13 seconds.
//
//   node test/outside/second-factor.mjs
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProgram } from '../../scripts/program.mjs';
import { needTools, post, postOk } from './tools.mjs';

const PASSWORD = 'Kuda-lepas7 meja hijau';

needTools({ oathtool: 'oathtool', zbarimg: 'zbar-tools', 'rsvg-convert': 'librsvg2-bin' });
const program = await startProgram();
const send = (path, body, token) => post(`${program.url}${path}`, body, token);
const ask = (path, body, token) => postOk(`${program.url}${path}`, body, token);
try {
  await walk(program);
  console.log('ok: enrolled and signed in with the codes of oathtool, from the QR code as zbarimg reads it');
} finally {
  await program.stop();
}

async function walk({ email, password }) {
  const forced = await ask('/auth/login', { email, password });
  assert.equal(forced.status, 'password_change_required');
  const change = { challengeToken: forced.challengeToken, newPassword: PASSWORD };
  const { accessToken } = await ask('/auth/password-change', change);

  const setup = await ask('/two-factor/setup', undefined, accessToken);
  const address = readQrCode(setup.qrCode);
  assert.equal(address, setup.otpauthUrl);
  const secret = new URL(address).searchParams.get('secret');
  assert.equal(secret, setup.secret);

  // Confirmed with the code of the step before, so that the present one is still good for the sign-in: nobody waits.
  await untilEarlyInStep();
  const earlier = codeOf(secret, -30);
  const { backupCodes } = await ask('/two-factor/enable', { code: earlier }, accessToken);
  assert.equal(backupCodes.length, 8);

  const { status, challengeToken } = await ask('/auth/login', { email, password: PASSWORD });
  assert.equal(status, 'two_factor_required');
  assert.equal(
    (await send('/auth/two-factor', { challengeToken, code: earlier })).status,
    401,
    'a spent code',
  );
  const login = await ask('/auth/two-factor', { challengeToken, code: codeOf(secret) });
  assert.equal(login.status, 'authenticated');
  assert.equal(login.user.twoFactorEnabled, true);

  const again = await ask('/auth/login', { email, password: PASSWORD });
  const proof = { challengeToken: again.challengeToken, backupCode: backupCodes[0].toLowerCase() };
  assert.equal((await ask('/auth/two-factor', proof)).status, 'authenticated');
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
  const svg = join(program.folder, 'code.svg');
  const png = join(program.folder, 'code.png');
  writeFileSync(svg, Buffer.from(dataUrl.replace('data:image/svg+xml;base64,', ''), 'base64'));
  run('rsvg-convert', ['--width=600', '--background-color=white', `--output=${png}`, svg]);
  return run('zbarimg', ['--quiet', '--raw', '--oneshot', png]).trim();
}

function run(tool, parameters) {
  const { status, stdout, stderr } = spawnSync(tool, parameters, { encoding: 'utf8' });
  assert.equal(status, 0, `${tool} failed: ${stderr}`);
  return stdout;
}
