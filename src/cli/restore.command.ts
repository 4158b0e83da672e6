import { Command } from 'commander';
import { readIdentities } from '../backup/age-file.js';
import { restore } from '../backup/restore.js';
import { loadConfig, readEnvironment } from '../platform/config/load-config.js';
import { KeyRegister } from '../platform/database/key-register.js';
import { OperatorError } from '../platform/errors/operator-error.js';
import { withApplication } from './application-context.js';
import { parsePath } from './option-values.js';
import { printResult } from './output.js';
import { StepBars } from './progress.js';

interface Options {
  in: string;
  identity?: string;
  yes?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

export const restoreCommand = new Command('restore')
  .description('Restores a backup into an empty database: wholly, or not at all.')
  .requiredOption('--in <file>', 'the encrypted file', parsePath)
  .option('--identity <file>', 'key file of age, when the backup was made for a public key', parsePath)
  .option('--yes', 'do it')
  .option('--dry-run', 'read and judge the file and the database, change nothing')
  .option('--json', 'print JSON')
  .addHelpText(
    'after',
    `
The passphrase comes from BACKUP_PASSPHRASE. The database of DATABASE_URL (as the role of DATABASE_MIGRATION_URL, if set)
must have no tables of Benteng; without DATABASE_URL the folder DATA_DIR must hold no database. Run db:roles afterwards
if you use roles.`,
  )
  .action(async ({ in: file, identity, yes = false, dryRun = false, json }: Options) => {
    if (!yes && !dryRun)
      throw new OperatorError('Add --yes to restore, or --dry-run to see whether it would work.');
    const opener =
      identity === undefined
        ? { passphrase: readEnvironment()['BACKUP_PASSPHRASE'] ?? '' }
        : { identities: await readIdentities(identity) };
    const bars = new StepBars();
    const report = await restore(loadConfig(), file, opener, dryRun, bars.report).finally(() => bars.stop());
    const warning = dryRun ? null : await missingKeys();
    printResult(json, { ...report, warning }, [
      dryRun ? 'The backup is whole and would fit.' : 'Restored.',
      ...report.migrated.map((name) => `Applied ${name}`),
      ...(warning === null ? [] : [warning]),
    ]);
  });

/** Data without its keys is of little use: said now, not at the next start. */
async function missingKeys(): Promise<string | null> {
  try {
    await withApplication((app) => app.get(KeyRegister).assertReadable());
    return null;
  } catch (error) {
    if (error instanceof OperatorError) return error.message;
    return 'The data is restored, but the role of DATABASE_URL cannot read it yet: run db:roles.';
  }
}
