import { readFileSync } from 'node:fs';
import { ConfigurationError } from './environment-reader.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Settings that hold a secret: each may come from a mounted file instead, named by `<NAME>_FILE`. */
const SECRET_SETTINGS = [
  'JWT_PRIVATE_KEYS',
  'ENCRYPTION_KEYS',
  'TOKEN_KEYS',
  'DATABASE_URL',
  'DATABASE_MIGRATION_URL',
  'DATABASE_ADMIN_URL',
  'BACKUP_DATABASE_URL',
  'BACKUP_PASSPHRASE',
  'REDIS_URL',
  'SMTP_URL',
  'ALERT_WEBHOOK_SECRET',
  'METRICS_TOKEN',
  'WEBHOOK_SECRET',
] as const;

const MAX_BYTES = 64 * 1024;

/**
 * Puts the content of secret files in the place of their settings, without the line end that editors add.
 * @throws ConfigurationError naming every setting that is given twice or whose file cannot be read.
 */
export function readSecretFiles(environment: Environment): Environment {
  const faults: string[] = [];
  const read: Record<string, string> = {};
  for (const name of SECRET_SETTINGS) {
    const file = environment[`${name}_FILE`]?.trim() ?? '';
    if (file === '') continue;
    if ((environment[name]?.trim() ?? '') !== '') {
      faults.push(`${name}: is set, and ${name}_FILE too; set one of them`);
      continue;
    }
    try {
      const content = readFileSync(file, 'utf8');
      if (content.trim() === '' || content.length > MAX_BYTES)
        faults.push(`${name}_FILE: the file is empty or larger than 64 KiB`);
      read[name] = content.replace(/\r?\n$/, '');
    } catch (error) {
      faults.push(
        `${name}_FILE: the file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`,
      );
    }
  }
  if (faults.length > 0) throw new ConfigurationError(faults);
  return { ...environment, ...read };
}
