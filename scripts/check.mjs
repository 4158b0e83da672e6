// Everything a machine can judge without running the program: format, lint, types, borders, unused code, migrations,
// the lockfile.
// Runs every step, whatever fails, and shows the output of those that did. `npm run format` repairs the first one.
import './require-node.cjs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const { binary, prepare, root } = await import('./prepare.mjs');

// Built too: bench/ and test/support/ import from dist/, and knip follows only what is there.
prepare({ build: true });
const STEPS = {
  format: [binary('prettier'), '--check', '--log-level', 'warn', '.'],
  lint: [binary('oxlint'), '--quiet'],
  types: [binary('typescript', 'tsc'), '-p', 'tsconfig.json'],
  borders: [binary('dependency-cruiser', 'depcruise'), '--output-type', 'err-long', 'src'],
  unused: [binary('knip'), '--no-progress', '--no-config-hints', '--tsConfig', 'tsconfig.build.json'],
  migrations: [join(root, 'scripts/migration.mjs'), '--check'],
  lockfile: [join(root, 'scripts/lockfile.mjs')],
};

const failed = [];
for (const [name, command] of Object.entries(STEPS)) {
  const startedAt = performance.now();
  const { isOk, output } = await run(command);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${name.padEnd(12)}${isOk ? 'ok    ' : 'failed'}${seconds.padStart(6)} s`);
  if (isOk) continue;
  failed.push(name);
  console.log(output.trim().replaceAll(/^/gm, '  '));
}
console.log(failed.length === 0 ? 'All checks passed.' : `Failed: ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);

/** Runs a Node program and keeps what it says. */
function run(command) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, command, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('close', (code) => resolve({ isOk: code === 0, output: Buffer.concat(chunks).toString() }));
  });
}
