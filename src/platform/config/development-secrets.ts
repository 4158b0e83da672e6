import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from './environment-reader.js';

/** The three secrets that production must bring and development may leave to us. */
export type SecretName = 'JWT_PRIVATE_KEYS' | 'ENCRYPTION_KEYS' | 'TOKEN_KEYS';

const GENERATORS: Record<SecretName, (present: string) => string> = {
  JWT_PRIVATE_KEYS: () =>
    generateKeyPairSync('ec', { namedCurve: 'P-256' })
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString(),
  ENCRYPTION_KEYS: (present) => `${nextKeyId(present)}:${randomBytes(32).toString('base64')}`,
  TOKEN_KEYS: (present) => `${nextKeyId(present)}:${randomBytes(32).toString('base64')}`,
};

/** `k1`, or one more than the highest of `k1`, `k2` … that is there. */
function nextKeyId(present: string): string {
  const numbers = [...present.matchAll(/(?:^|,)\s*k(\d{1,6}):/g)].map(([, number]) => Number(number));
  return `k${Math.max(0, ...numbers) + 1}`;
}

/** A fresh value in the form the settings take. @param present the setting as it is: its key ids are not used again. */
export function generateSecret(name: SecretName, present = ''): string {
  return GENERATORS[name](present);
}

/** The secrets that development has made already, if any. */
export function findDevelopmentSecrets(dataDir: string): Partial<Record<SecretName, string>> {
  const file = join(dataDir, 'secrets.json');
  try {
    return existsSync(file) ? readKept(file) : {};
  } catch (error) {
    throw cannotKeep(file, error);
  }
}

/** @throws SyntaxError when it is not what was written there. */
function readKept(file: string): Record<SecretName, string> {
  const kept: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const isWhole =
    typeof kept === 'object' &&
    kept !== null &&
    Object.keys(GENERATORS).every((name) => typeof (kept as Record<string, unknown>)[name] === 'string');
  if (!isWhole) throw new SyntaxError('a secret is missing');
  return kept as Record<SecretName, string>;
}

function cannotKeep(file: string, error: unknown): ConfigurationError {
  // Never made anew by itself: what the old keys encrypted could not be read any more.
  const reason =
    error instanceof SyntaxError
      ? 'is damaged; put it back from a copy, or move DATA_DIR away to begin anew'
      : (error as Error).message;
  return new ConfigurationError([`DATA_DIR: cannot keep the development secrets in "${file}": ${reason}`]);
}

/**
 * Secrets for development, made once and kept in `<dataDir>/secrets.json` (mode 0600), so that sessions and encrypted
 * rows survive a restart. Written to a temporary name and moved, so that a killed start leaves no half file.
 */
export function loadDevelopmentSecrets(dataDir: string): Record<SecretName, string> {
  const file = join(dataDir, 'secrets.json');
  try {
    if (existsSync(file)) return readKept(file);
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const secrets = Object.fromEntries(
      Object.entries(GENERATORS).map(([name, generate]) => [name, generate('')]),
    ) as Record<SecretName, string>;
    const temporary = `${file}.${process.pid}`;
    writeFileSync(temporary, JSON.stringify(secrets, null, 2), { mode: 0o600 });
    renameSync(temporary, file);
    return secrets;
  } catch (error) {
    throw cannotKeep(file, error);
  }
}
