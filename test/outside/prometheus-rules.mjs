// The metrics and the alert rules as Prometheus' own tool sees them [F-65]: the text of a running server is as Prometheus
// wants names, units and help to be, the rules of docs/prometheus-alerts.yml parse, name only metrics that the server shows, and fire exactly when
// prometheus-alerts.test.yml says. Needs `npm run build` first; takes some 5 seconds.
//
//   node test/outside/prometheus-rules.mjs
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProgram } from '../../scripts/program.mjs';
import { needTools } from './tools.mjs';

const root = join(import.meta.dirname, '../..');
const rules = join(root, 'docs/prometheus-alerts.yml');
const cases = join(import.meta.dirname, 'prometheus-alerts.test.yml');
const TOKEN = 'a-token-of-the-scraper-1234';

needTools({ promtool: 'prometheus' });
run(['check', 'rules', rules]);
run(['test', 'rules', cases]);
const text = await scrape();
run(['check', 'metrics'], text);

const shown = new Set([...text.matchAll(/^([a-z0-9_]+)(?:\{| )/gm)].map(([, name]) => name));
const named = new Set(readFileSync(rules, 'utf8').match(/\bbenteng_[a-z0-9_]+/g));
for (const name of named) assert.ok(shown.has(name), `no metric is called ${name}`);
console.log(
  `ok: promtool reads ${shown.size} metrics; the rules name ${named.size} of them and fire as described`,
);

function run(parameters, input) {
  const options = { input, encoding: 'utf8' };
  const { status: code, stdout, stderr: faults } = spawnSync('promtool', parameters, options);
  assert.equal(code, 0, `promtool ${parameters.join(' ')}\n${stdout}${faults}`);
}

/** What a server shows that has answered one request. */
async function scrape() {
  const { url, stop } = await startProgram({ METRICS_TOKEN: TOKEN });
  try {
    assert.equal((await fetch(`${url}/health/ready`)).status, 200);
    const response = await fetch(`${url}/metrics`, { headers: { Authorization: `Bearer ${TOKEN}` } });
    assert.equal(response.status, 200);
    return await response.text();
  } finally {
    await stop();
  }
}
