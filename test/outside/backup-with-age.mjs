// A backup of the embedded database for a public key, opened by the original age and by tar: another implementation, no
// code of ours. Needs age and age-keygen.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needTools } from './tools.mjs';

needTools({ age: 'age', 'age-keygen': 'age' });
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
  run('age-keygen', ['-o', keyFile]);
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
  const archive = run('age', ['--decrypt', '-i', keyFile, join(folder, 'out', file)]);
  const list = run('tar', ['--list', '--gzip'], { input: archive }).toString();
  if (!/PG_VERSION/.test(list)) throw new Error('the archive holds no database');
  console.log(`age opened ${file}; tar found ${list.split('\n').length} files.`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
