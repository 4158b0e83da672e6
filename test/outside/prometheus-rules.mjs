// The metrics and the alert rules as Prometheus' own tool sees them: the text of a running server parses, the rules of
// docs/prometheus-alerts.yml parse, name only metrics that the server shows, and fire exactly when
// prometheus-alerts.test.yml says. Needs `npm run build` first; takes some 5 seconds.
//
//   node test/outside/prometheus-rules.mjs        PROMTOOL=<path> names a promtool that is not on the PATH
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const rules = join(root, 'docs/prometheus-alerts.yml');
const cases = join(import.meta.dirname, 'prometheus-alerts.test.yml');
const promtool = process.env.PROMTOOL || 'promtool';
const TOKEN = 'a-token-of-the-scraper-1234';

if (spawnSync(promtool, ['--version']).error !== undefined) {
  console.log('skipped: promtool not found (Debian: it is in the package prometheus)');
  process.exit(0);
}

run(['check', 'rules', rules]);
run(['test', 'rules', cases]);
const text = await scrape();
// Exit code 3: it can be read, but the names of prom-client's process metrics are not quite to promtool's taste.
const { status, stderr } = spawnSync(promtool, ['check', 'metrics'], { input: text, encoding: 'utf8' });
assert.ok(status === 0 || status === 3, `promtool cannot read the metrics: ${stderr}`);
const odd = stderr.split('\n').filter((line) => /^benteng_(?!process_|nodejs_)/.test(line));
assert.deepEqual(odd, [], 'names of our own metrics');

const shown = new Set([...text.matchAll(/^([a-z0-9_]+)(?:\{| )/gm)].map(([, name]) => name));
const named = new Set(readFileSync(rules, 'utf8').match(/\bbenteng_[a-z0-9_]+/g));
for (const name of named) assert.ok(shown.has(name), `no metric is called ${name}`);
console.log(
  `ok: promtool reads ${shown.size} metrics; the rules name ${named.size} of them and fire as described`,
);

function run(parameters) {
  const { status: code, stdout, stderr: faults } = spawnSync(promtool, parameters, { encoding: 'utf8' });
  assert.equal(code, 0, `promtool ${parameters.join(' ')}\n${stdout}${faults}`);
}

/** What a server shows that has answered one request. */
async function scrape() {
  const dataDir = mkdtempSync(join(tmpdir(), 'benteng-outside-'));
  const server = spawn(process.execPath, ['dist/main.js'], {
    cwd: root,
    env: { PATH: process.env.PATH, PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'warn', METRICS_TOKEN: TOKEN },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  try {
    const url = await readyAddress(server);
    assert.equal((await fetch(`${url}/health/ready`)).status, 200);
    const response = await fetch(`${url}/metrics`, { headers: { Authorization: `Bearer ${TOKEN}` } });
    assert.equal(response.status, 200);
    return await response.text();
  } finally {
    server.kill('SIGTERM');
    await ended;
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** The address that the server prints when it is ready; its output is read to the end, or the pipe would break. */
function readyAddress(server) {
  return new Promise((resolve, reject) => {
    let output = '';
    server.stdout.on('data', (chunk) => {
      output += chunk;
      const [, url] = /Benteng is ready at (\S+)\n/.exec(output) ?? [];
      if (url) resolve(url);
    });
    server.once('exit', () => reject(new Error(`the server did not start:\n${output}`)));
  });
}
