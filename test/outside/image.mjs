// The image and the compose file, without containers: the steps of the Dockerfile in folders, then the recipe for the
// secrets, the job `roles`, Redis with its password, an instance, its health check and the documented commands, each as
// it is written in the files.
//
//   node test/outside/image.mjs          with TEST_DATABASE_URL on that server, in a database made and dropped here
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { replay } from './dockerfile.mjs';
import { needTools } from './tools.mjs';

const root = join(import.meta.dirname, '../..');
const serverUrl = process.env.TEST_DATABASE_URL ?? 'postgresql://postgres@127.0.0.1:5432/postgres';
const MAX_BYTES = 200 * 1024 * 1024;
const DATABASE = `benteng_image_${process.pid}`;
const ROLES = ['benteng_owner', 'benteng_app', 'benteng_backup'];

needTools({ openssl: 'openssl', 'redis-server': 'redis-server', pg_dump: 'postgresql-client' });
const work = mkdtempSync(join(tmpdir(), 'benteng-image-'));
const started = [];
try {
  await check();
} catch (error) {
  console.error(`The image is not as it should be: ${error.message}`);
  process.exitCode = 1;
} finally {
  for (const child of started) child.kill('SIGKILL');
  await administer(serverUrl, `DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`).catch(() => undefined);
  for (const role of ROLES) await administer(serverUrl, `DROP ROLE IF EXISTS ${role}`).catch(() => undefined);
  rmSync(work, { recursive: true, force: true });
}

async function check() {
  const { folder, environment, command, healthcheck } = replay(root, work);
  const bytes = Number(spawnSync('du', ['-sk', folder], { encoding: 'utf8' }).stdout.split('\t')[0]) * 1024;
  expect(bytes <= MAX_BYTES, `the image's own files are at most 200 MB (${Math.round(bytes / 1048576)} MiB)`);
  expect(
    !existsSync(join(folder, 'src')) && existsSync(join(folder, 'sbom.cdx.json')),
    'no sources, an SBOM',
  );

  cpSync(join(root, 'deploy'), join(folder, 'deploy'), {
    recursive: true,
    filter: (file) => !/\/(secrets|certificates)$/.test(file),
  });
  const compose = readFileSync(join(folder, 'deploy/compose.yaml'), 'utf8');
  const shell = (script, env = {}) => runShell(script, folder, { ...environment, ...env });
  const recipe = compose
    .split('name: benteng')[0]
    .match(/^# {3}.*$/gm)
    .map((line) => line.slice(4));
  shell(recipe.join('\n'));
  const secret = (name) => readFileSync(join(folder, 'deploy/secrets', name), 'utf8');
  expect(!/["']|=/.test(secret('TOKEN_KEYS').replace(/=+\s*$/, '')), 'secrets are written without quotes');

  // The machine of these checks in place of the containers' names.
  const [port, redisPort] = [await freePort(), await freePort()];
  const place = (name, change) => writeFileSync(join(folder, 'deploy/secrets', name), change(secret(name)));
  const { host } = new URL(serverUrl);
  for (const name of ['DATABASE_URL', 'DATABASE_MIGRATION_URL'])
    place(name, (text) => text.replace('@postgres:5432/benteng', `@${host}/${DATABASE}`));
  place('DATABASE_ADMIN_URL', () => Object.assign(new URL(serverUrl), { pathname: `/${DATABASE}` }).href);
  place('REDIS_URL', (text) => text.replace('redis:6379', `127.0.0.1:${redisPort}`));
  const settings = {
    ...settingsOf(compose, folder),
    DATABASE_ADMIN_URL_FILE: join(folder, 'deploy/secrets/DATABASE_ADMIN_URL'),
    PORT: String(port),
    HOST: '127.0.0.1',
    DATA_DIR: join(work, 'data'),
    npm_config_cache: join(work, 'npm'),
  };

  await administer(serverUrl, `CREATE DATABASE ${DATABASE}`);
  shell(/ {4}command:\n {6}- sh\n {6}- -ec\n {6}- \|\n([\s\S]*?) {4}depends_on/.exec(compose)[1], settings);
  const ours = `SELECT rolname, rolsuper, rolpassword LIKE 'SCRAM-SHA-256$%' AS scram FROM pg_authid
                WHERE rolname IN ('benteng_owner', 'benteng_app') ORDER BY 1`;
  const roles = await administer(serverUrl, ours);
  expect(
    roles.length === 2 && roles.every((role) => role.scram && !role.rolsuper),
    'roles with passwords, no superuser',
  );
  const [{ allowed }] = await administer(
    secret('DATABASE_ADMIN_URL'),
    `SELECT has_table_privilege('benteng_app', 'benteng.security_events', 'DELETE') AS allowed`,
  );
  expect(!allowed, 'the instances cannot delete events');

  const redis = /- redis-server\n([\s\S]*?) {4}#/
    .exec(compose)[1]
    .match(/(?<=- ).*/g)
    .map((each) => each.replaceAll("'", ''));
  start(
    'redis-server',
    [join(folder, 'deploy/secrets/redis.conf'), ...redis.slice(1), '--port', String(redisPort)],
    work,
    {},
  );
  await until(() => shell(`redis-cli -p ${redisPort} ping | grep -q NOAUTH`), 'Redis asks for its password');

  const server = start(command[0], command.slice(1), folder, {
    ...environment,
    ...settings,
    TRUST_PROXY: '127.0.0.1',
  });
  await until(() => {
    if (!/Benteng is ready at /.test(server.output)) throw new Error(server.output);
  }, 'an instance starts with the settings of the compose file');
  expect(!/superuser/.test(server.output), 'it is bound by row security');
  const health = spawnSync(healthcheck[0], healthcheck.slice(1), {
    env: { PATH: process.env.PATH, PORT: String(port) },
  });
  expect(health.status === 0, 'the health check of the image holds');
  const ready = await fetch(`http://127.0.0.1:${port}/health/ready`, {
    headers: { 'X-Forwarded-Proto': 'https' },
  });
  expect(ready.status === 200, 'it is ready, with Redis');

  const cli = (line) => JSON.parse(shell(`npm run --silent cli -- ${line} --json`, settings));
  expect(
    cli('admin:create --email boss@example.com --organization Toko').email === 'boss@example.com',
    'admin:create',
  );
  expect(cli('audit:verify').faults.length === 0, 'audit:verify');
  settings.BACKUP_PASSPHRASE = 'kuda lepas di meja hijau';
  expect(cli(`backup --out ${join(work, 'backups')}`).bytes > 1000, 'backup');
  expect(cli(`db:roles --apply ${secret('DATABASE_ADMIN_URL')}`).applied, 'db:roles --apply <url>');
  const ended = new Promise((resolve) => server.child.once('exit', resolve));
  server.child.kill('SIGTERM');
  expect((await ended) === 0, 'it ends with exit code 0');
}

/** The environment of an instance, with the paths of the secrets where they are here. */
function settingsOf(compose, folder) {
  const block = /environment: &environment\n([\s\S]*?) {2}secrets:/.exec(compose)[1];
  const pairs = [...block.matchAll(/^ {4}([A-Z_]+): '?([^'\n]*)'?$/gm)].map(([, name, value]) => [
    name,
    value,
  ]);
  return Object.fromEntries(
    pairs.map(([name, value]) => [name, value.replace('/run/secrets', join(folder, 'deploy/secrets'))]),
  );
}

function runShell(script, cwd, environment) {
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', script], {
    cwd,
    env: { PATH: process.env.PATH, HOME: work, ...environment },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${script}\n${stdout}${stderr}`);
  return stdout;
}

function start(command, args, cwd, environment) {
  const child = spawn(command, args, { cwd, env: { PATH: process.env.PATH, ...environment } });
  started.push(child);
  const state = { child, output: '' };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (state.output += chunk));
  return state;
}

async function until(attempt, sentence) {
  let last;
  for (let waited = 0; waited < 300; waited += 1) {
    try {
      attempt();
      return expect(true, sentence);
    } catch (error) {
      last = error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`${sentence}: no, ${last.message}`);
}

async function administer(url, sql) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function expect(holds, sentence) {
  if (!holds) throw new Error(`${sentence}: no`);
  console.log(`  ${sentence}`);
}
