// The TypeScript client where it belongs: in a browser, on a page of another origin, against the running program. What
// Node cannot show: cookies that scripts cannot read, Web Locks between tabs, a reload, CORS. Needs Debian's chromium.
//
//   node test/outside/client-in-browser.mjs
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { generate } from 'otplib';
import { chromium } from 'playwright-core';
import ts from 'typescript';
import { startProgram } from '../../scripts/program.mjs';
import { needTools } from './tools.mjs';

const PASSWORD = 'Kuda-lepas7 meja hijau';
const CALLS = 20;
const TABS = 3;
// As root in a container Chromium has no sandbox; the others keep it from calling its maker.
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

needTools({ chromium: 'chromium' });
const site = await serveSite();
const program = await startProgram({ CORS_ORIGINS: site.origin, RATE_LIMIT_GLOBAL: '5000/60' });
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
try {
  const context = await browser.newContext();
  const tab = await openTab(context);

  await check('a first sign-in leads through the forced change of the password', async () => {
    const { email, password } = program;
    const first = await tab.run((credentials) => client.login(credentials), { email, password });
    assert.equal(first.status, 'password_change_required');
    const change = { challengeToken: first.challengeToken, newPassword: PASSWORD };
    const result = await tab.run((body) => client.complete('/auth/password-change', body), change);
    assert.equal(result.status, 'authenticated');
    assert.equal(await tab.run(callMe), program.email);
  });

  await check('scripts of the page find no token where it would outlive the page', async () => {
    const kept = await tab.run(async () => ({
      cookies: document.cookie,
      stored: localStorage.length + sessionStorage.length,
      databases: await indexedDB.databases(),
    }));
    assert.deepEqual(kept, { cookies: '', stored: 0, databases: [] });
    const cookies = await context.cookies(program.url);
    assert.ok(cookies.length > 0 && cookies.every(({ httpOnly }) => httpOnly));
  });

  await check(`after a reload ${CALLS} calls at once share one refresh`, async () => {
    await tab.open();
    const answers = await tab.run(callMany, CALLS);
    assert.deepEqual(answers, Array(CALLS).fill(program.email));
    assert.equal(tab.refreshes, 1);
  });

  await check(`${TABS} tabs that call at the same moment take turns, and all stay signed in`, async () => {
    const tabs = await Promise.all(Array.from({ length: TABS }, () => openTab(context)));
    let underWay = 0;
    let most = 0;
    await context.route('**/auth/refresh', async (route) => {
      underWay += 1;
      most = Math.max(most, underWay);
      // Long enough that tabs which did not wait would meet here.
      await setTimeout(300);
      underWay -= 1;
      await route.continue();
    });
    for (const round of [1, 2]) {
      const answers = await Promise.all(tabs.map((one) => one.run(callMany, CALLS)));
      assert.deepEqual(answers.flat(), Array(TABS * CALLS).fill(program.email), `round ${round}`);
      assert.deepEqual(
        tabs.map((one) => one.refreshes),
        Array(TABS).fill(1),
      );
      for (const one of tabs) await one.open();
    }
    assert.equal(most, 1, 'refreshes at the same time');
    await context.unrouteAll();
    for (const one of tabs) await one.page.close();
  });

  await check('the second factor and a step-up', async () => {
    const { secret } = await tab.run(() => client.call('post', '/two-factor/setup'));
    const code = await generate({ secret });
    const { backupCodes } = await tab.run((body) => client.call('post', '/two-factor/enable', { body }), {
      code,
    });
    const first = await tab.run((body) => client.login(body), { email: program.email, password: PASSWORD });
    assert.equal(first.status, 'two_factor_required');
    const proof = { challengeToken: first.challengeToken, backupCode: backupCodes[0] };
    const result = await tab.run((body) => client.complete('/auth/two-factor', body), proof);
    assert.equal(result.user.twoFactorEnabled, true);
    await tab.run((password) => client.stepUp({ password }), PASSWORD);
  });

  await check('a session that ends in one tab is over in the others, each told once', async () => {
    const other = await openTab(context);
    assert.equal(await other.run(callMe), program.email);
    await tab.run(() => client.logout());
    const codes = await other.run(async (count) => {
      const calls = Array.from({ length: count }, () => client.call('get', '/users/me'));
      return (await Promise.allSettled(calls)).map(({ reason }) => reason?.code);
    }, 5);
    assert.deepEqual(codes, Array(5).fill('SESSION_ENDED'));
    assert.deepEqual(await other.run(() => [signedOut, client.hasToken]), [1, false]);
    assert.equal(await other.run(() => client.refresh()), false);
    assert.equal(await other.run(() => signedOut), 1);
  });

  await check('a page of an origin that is not in CORS_ORIGINS reads nothing', async () => {
    const stranger = await openTab(context, site.origin.replace('127.0.0.1', 'localhost'));
    const refusal = await stranger.run(() => client.refresh().catch((error) => error.name));
    assert.equal(refusal, 'TypeError');
  });
} finally {
  await browser.close();
  await program.stop();
  site.close();
}

async function check(name, work) {
  await work();
  console.log(`ok: ${name}`);
}

/* Run inside the page, which has `client`. */
async function callMe() {
  return (await client.call('get', '/users/me')).email;
}

async function callMany(count) {
  const answers = await Promise.all(Array.from({ length: count }, () => client.call('get', '/users/me')));
  return answers.map(({ email }) => email);
}

/** A tab with the client in it, which counts the refreshes it sent since it was opened. */
async function openTab(context, origin = site.origin) {
  const page = await context.newPage();
  const tab = { page, refreshes: 0, run: (work, argument) => page.evaluate(work, argument) };
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/auth/refresh')) tab.refreshes += 1;
  });
  tab.open = async () => {
    tab.refreshes = 0;
    await page.goto(`${origin}/?${program.url}`);
    await page.waitForFunction(() => 'client' in globalThis);
  };
  await tab.open();
  return tab;
}

/** A static page, as any app is: the client as its build would make it, its service in the address. */
async function serveSite() {
  const source = readFileSync(join(import.meta.dirname, '../../clients/typescript/src/client.ts'), 'utf8');
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  const script = `import { BentengClient } from './client.js';
    globalThis.signedOut = 0;
    globalThis.client = new BentengClient({
      baseUrl: location.search.slice(1),
      onSignedOut: () => { signedOut += 1; },
    });`;
  const files = {
    '/': ['text/html', '<!doctype html><title>App</title><script type="module" src="/app.js"></script>'],
    '/app.js': ['text/javascript', script],
    '/client.js': ['text/javascript', outputText],
  };
  const server = createServer((request, response) => {
    const [type, text] = files[request.url.split('?', 1)[0]] ?? [];
    response.writeHead(text ? 200 : 404, { 'Content-Type': type ?? 'text/plain' }).end(text);
  });
  await new Promise((resolve) => server.listen(0, resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
