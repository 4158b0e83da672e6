// docs/prometheus-alerts.yml as Prometheus itself reads it; skipped where promtool is missing.
//
//   node test/outside/prometheus-rules.mjs
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const rules = join(root, 'docs/prometheus-alerts.yml');

// A rule about a metric that nobody exports would never fire.
const source = readFileSync(join(root, 'src/platform/observability/metrics.ts'), 'utf8');
const named = [...readFileSync(rules, 'utf8').matchAll(/benteng_([a-z_]+?)(?:_bucket)?\b/g)].map(
  ([, name]) => name,
);
const unknown = [...new Set(named)].filter((name) => !source.includes(name));
if (unknown.length > 0) {
  console.error(`not exported: ${unknown.map((name) => `benteng_${name}`).join(', ')}`);
  process.exit(1);
}

const { error, status } = spawnSync('promtool', ['check', 'rules', rules], { stdio: 'inherit' });
if (error !== undefined) console.log('skipped: promtool not found (Debian: apt-get install prometheus)');
else process.exit(status ?? 1);
