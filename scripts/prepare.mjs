// Brings a checkout to the point where it can run, and skips every step whose inputs have not changed since:
// install (lockfile), generate (schema), build (sources). Uses nothing but Node, so that it works on a fresh clone.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';

export const root = join(import.meta.dirname, '..');
const stampsFolder = join(root, 'node_modules/.benteng');

/** Installs and generates; with `build` also compiles to dist/. An image holds what was built, and no sources. */
export function prepare({ build }) {
  if (!existsSync(join(root, 'src'))) return;
  runOnce('install', ['package-lock.json', 'package.json', '.npmrc'], ['node_modules/fastify'], install);
  runOnce(
    'generate',
    ['prisma/schema.prisma', 'prisma.config.ts'],
    ['src/platform/database/generated/client.ts'],
    generate,
  );
  if (build) runOnce('build', ['src', 'tsconfig.json', 'tsconfig.build.json'], ['dist/main.js'], compile);
}

/** The file of a dependency's command. */
export function binary(packageName, name = packageName) {
  const require = createRequire(import.meta.url);
  const manifestFile = join(root, 'node_modules', packageName, 'package.json');
  const { bin } = require(manifestFile);
  return join(root, 'node_modules', packageName, typeof bin === 'string' ? bin : bin[name]);
}

function install() {
  say('Installing dependencies (once) …');
  // Exactly what the lockfile names, or nothing. Development tools build the program, also where NODE_ENV is production.
  run('npm', ['ci', '--include=dev', '--loglevel=error']);
}

function generate() {
  say('Generating the database client …');
  // Prisma looks for an engine that it does not need here; any existing file keeps it from asking the network.
  run(process.execPath, [binary('prisma'), 'generate'], { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath });
}

function compile() {
  say('Building …');
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  run(process.execPath, [binary('typescript', 'tsc'), '-p', 'tsconfig.build.json']);
}

/** Runs `step` unless its inputs are as they were the last time and its outputs exist. */
function runOnce(name, inputs, outputs, step) {
  const stamp = join(stampsFolder, name);
  const fingerprint = fingerprintOf(inputs);
  const isFresh =
    outputs.every((file) => existsSync(join(root, file))) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === fingerprint;
  if (isFresh) return;
  step();
  mkdirSync(stampsFolder, { recursive: true });
  writeFileSync(`${stamp}.${process.pid}`, fingerprint);
  renameSync(`${stamp}.${process.pid}`, stamp);
}

function fingerprintOf(inputs) {
  const hash = createHash('sha256').update(process.version);
  for (const file of inputs.flatMap((input) => filesOf(join(root, input)))) {
    hash.update(`\0${relative(root, file)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

function filesOf(path) {
  if (!existsSync(path)) return [];
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter(({ name }) => !name.endsWith('.spec.ts'))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap(({ name }) => filesOf(join(path, name)));
  } catch (error) {
    if (error.code === 'ENOTDIR') return [path];
    throw error;
  }
}

/** Runs a command with its output shown only when it fails. */
function run(command, args, environment = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, ...environment },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    shell: process.platform === 'win32' && command === 'npm',
  });
  if (status === 0) return;
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}${error ? `${error.message}\n` : ''}`);
  process.stderr.write(`\n"${[command, ...args].join(' ')}" failed; nothing was started.\n`);
  process.exit(1);
}

function say(text) {
  process.stderr.write(`${text}\n`);
}
