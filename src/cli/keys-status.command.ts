import { Command } from 'commander';
import { KeyUsage, type KeyUse } from '../platform/database/key-usage.js';
import { withApplication } from './application-context.js';
import { printResult } from './output.js';

export const keysStatusCommand = new Command('keys:status')
  .description(
    'Counts which key of ENCRYPTION_KEYS every encrypted value needs, oldest first; exit code 1 when one is missing.',
  )
  .option('--json', 'print JSON')
  .action(async ({ json }: { json?: boolean }) => {
    const uses = await withApplication((app) => app.get(KeyUsage).list());
    printResult(json, { keys: uses }, uses.length === 0 ? ['Nothing is encrypted yet.'] : uses.map(describe));
    if (uses.some(({ state }) => state === 'missing' || state === 'plaintext')) process.exitCode = 1;
  });

function describe({ model, field, key, rows, state }: KeyUse): string {
  return `${(key ?? '-').padEnd(16)}  ${state.padEnd(9)}  ${`${model}.${field}`.padEnd(36)}  ${rows}`;
}
