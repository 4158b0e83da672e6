// The test suite from nothing: installs, generates, then Jest on the embedded database; on PostgreSQL when
// TEST_DATABASE_URL is set. Arguments go to Jest: npm test -- sessions
import './require-node.cjs';
import { spawnSync } from 'node:child_process';

const { binary, prepare, root } = await import('./prepare.mjs');
prepare({ build: true });
const { status } = spawnSync(process.execPath, [binary('jest'), ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, NODE_ENV: 'test' },
});
process.exit(status ?? 1);
