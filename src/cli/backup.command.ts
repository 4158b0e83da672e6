import { Command, InvalidArgumentError } from 'commander';
import { backUp } from '../backup/backup.js';
import { SystemClock } from '../platform/clock/clock.js';
import { loadConfig, readEnvironment } from '../platform/config/load-config.js';
import { parsePath } from './option-values.js';
import { printResult } from './output.js';
import { StepBars } from './progress.js';

interface Options {
  out: string;
  recipient: string[];
  json?: boolean;
}

export const backupCommand = new Command('backup')
  .description(
    'Writes the whole database into one encrypted file, which is read back before it gets its name.',
  )
  .requiredOption('--out <folder>', 'where the file goes; it is made if it is not there', parsePath)
  .option(
    '--recipient <key>',
    'public key of age (age1…) instead of BACKUP_PASSPHRASE; may be repeated',
    (key, keys: string[]) => [...keys, parseRecipient(key)],
    [],
  )
  .option('--json', 'print JSON')
  .addHelpText(
    'after',
    `
The passphrase comes from BACKUP_PASSPHRASE (12 characters or more). The file is in the format of age
(age-encryption.org), so that "age --decrypt" opens it anywhere: a custom-format dump of PostgreSQL for pg_restore, or
for the embedded database a .tar.gz of its folder. BACKUP_DATABASE_URL names a role that may read everything; else
DATABASE_MIGRATION_URL is used, else DATABASE_URL. The embedded database is backed up while the server is stopped.
Keys are not in the backup: keep ENCRYPTION_KEYS and TOKEN_KEYS apart from it, as long as it is kept.`,
  )
  .action(async ({ out, recipient: recipients, json }: Options) => {
    const environment = readEnvironment();
    const bars = new StepBars();
    const report = await backUp(loadConfig(), {
      folder: out,
      passphrase: environment['BACKUP_PASSPHRASE'],
      recipients,
      url: environment['BACKUP_DATABASE_URL'],
      now: new SystemClock().now(),
      onProgress: bars.report,
    }).finally(() => bars.stop());
    printResult(json, report, [
      `Written and read back: ${report.file} (${report.bytes} bytes, SHA-256 of the content ${report.sha256}).`,
    ]);
  });

function parseRecipient(text: string): string {
  if (!/^age1[0-9a-z]{10,}$/.test(text))
    throw new InvalidArgumentError('It is no public key of age (age1…).');
  return text;
}
