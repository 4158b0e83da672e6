// A backup of the embedded database for a public key, opened by the original age and by tar: another implementation, no
// code of ours. Needs age and age-keygen (AGE names the folder they are in).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const tool = (name) => (process.env.AGE ? join(process.env.AGE, name) : name);
if (spawnSync(tool('age'), ['--version']).error !== undefined) {
  console.log('skipped: age not found (Debian: age)');
  process.exit(0);
}
const folder = mkdtempSync(join(tmpdir(), 'benteng-age-'));

function run(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    maxBuffer: 256 * 1024 * 1024,
    ...options,
  });
  if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? stderr}`);
  return stdout;
}

try {
  const keyFile = join(folder, 'key.txt');
  run(tool('age-keygen'), ['-o', keyFile]);
  const recipient = /public key: (age1\S+)/.exec(readFileSync(keyFile, 'utf8'))[1];
  const environment = {
    ...process.env,
    DATA_DIR: join(folder, 'data'),
    NODE_ENV: 'development',
    DATABASE_URL: '',
  };
  const cli = (...args) => run(process.execPath, ['dist/cli/main.js', ...args], { env: environment });
  cli('admin:create', '--email', 'age@example.com', '--organization', 'Age');
  cli('backup', '--out', join(folder, 'out'), '--recipient', recipient);
  const [file] = readdirSync(join(folder, 'out'));
  const archive = run(tool('age'), ['--decrypt', '-i', keyFile, join(folder, 'out', file)]);
  const list = run('tar', ['--list', '--gzip'], { input: archive }).toString();
  if (!/PG_VERSION/.test(list)) throw new Error('the archive holds no database');
  console.log(`age opened ${file}; tar found ${list.split('\n').length} files.`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
