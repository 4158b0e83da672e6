// Takes each protection away, once, in a copy of the project, and sees that the test which is said to miss it fails.
// A protection that nobody misses is a failure: exit code 1.
//
//   node test/outside/protections.mjs                all of test/security/data/protections.json
//   node test/outside/protections.mjs lockout csv    those whose name or file contains a word
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const words = process.argv.slice(2);
const all = JSON.parse(readFileSync(join(root, 'test/security/data/protections.json'), 'utf8'));
const chosen = all.filter(
  ({ protection, file }) =>
    words.length === 0 || words.some((word) => protection.includes(word) || file.includes(word)),
);

const copy = copyOfProject();
const unmissed = [];
try {
  for (const protection of chosen) {
    const seen = takeAway(protection);
    if (seen !== 'missed') unmissed.push(protection.protection);
    console.log(`${seen.padEnd(10)} ${protection.protection}`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(
  unmissed.length === 0
    ? `All ${chosen.length} protections are missed when they are gone.`
    : `Not shown to be missed: ${unmissed.join(', ')}`,
);
process.exit(unmissed.length === 0 ? 0 : 1);

/** A copy whose sources may be broken; what is installed and generated is shared or copied. */
function copyOfProject() {
  const folder = mkdtempSync(join(tmpdir(), 'benteng-protections-'));
  const { stdout } = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
  });
  const generated = ['src/platform/database/generated', 'dist'];
  for (const path of [...stdout.split('\0').filter(Boolean), ...generated]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(root, path), join(folder, path), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** @returns "missed" when the named test fails without it, and only then. */
function takeAway({ file, from, to, spec, title }) {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  if (source.split(from).length !== 2) return 'not found';
  writeFileSync(
    path,
    source.replace(from, () => to),
  );
  try {
    const report = join(copy, 'report.json');
    rmSync(report, { force: true });
    const pattern = title.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&').replaceAll(/%[a-z#]/g, '.*');
    spawnSync(
      process.execPath,
      [
        join(root, 'node_modules/jest/bin/jest.js'),
        `--rootDir=${copy}`,
        '--runTestsByPath',
        spec,
        `--testNamePattern=${pattern}`,
        '--json',
        `--outputFile=${report}`,
      ],
      { cwd: copy, stdio: 'ignore', env: { ...process.env, NODE_ENV: 'test' }, timeout: 300_000 },
    );
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
    const results = testResults.flatMap(({ assertionResults }) => assertionResults);
    if (results.some(({ status }) => status === 'failed')) return 'missed';
    return results.some(({ status }) => status === 'passed') ? 'UNMISSED' : 'NOT RUN';
  } catch {
    return 'NOT RUN';
  } finally {
    writeFileSync(path, source);
  }
}
