import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import {
  findDevelopmentSecrets,
  generateSecret,
  type SecretName,
} from '../platform/config/development-secrets.js';
import { readEnvironment } from '../platform/config/load-config.js';
import { OperatorError } from '../platform/errors/operator-error.js';
import { parsePath } from './option-values.js';
import { printResult } from './output.js';

const NAMES = ['JWT_PRIVATE_KEYS', 'ENCRYPTION_KEYS', 'TOKEN_KEYS'] as const satisfies readonly SecretName[];

export const keysGenerateCommand = new Command('keys:generate')
  .description('Prints fresh values for the secret settings; stores nothing, unless --out says where.')
  .addOption(new Option('--for <name>', 'only this setting').choices(NAMES))
  .option(
    '--out <folder>',
    'write each into a file of its name instead, for <NAME>_FILE; none is overwritten',
    parsePath,
  )
  .option('--json', 'print JSON')
  .action((options: { for?: SecretName; out?: string; json?: boolean }) => {
    const environment = readEnvironment();
    // Key ids are not used again, whether the ring is set or was made for development.
    const present = { ...findDevelopmentSecrets(environment['DATA_DIR'] ?? '.data'), ...environment };
    const names = options.for === undefined ? NAMES : [options.for];
    const secrets = Object.fromEntries(
      names.map((name) => [name, generateSecret(name, present[name]).trim()]),
    );
    if (options.out !== undefined) {
      const files = writeSecrets(options.out, secrets);
      printResult(
        options.json,
        { files },
        files.map((file) => `Written: ${file}`),
      );
      return;
    }
    const lines = Object.entries(secrets).map(
      ([name, value]) => `${name}="${value.replaceAll('\n', '\\n')}"`,
    );
    printResult(options.json, secrets, lines);
  });

/** The values as they are, without the quotes of a shell. @throws OperatorError before any is written, when one is there. */
function writeSecrets(folder: string, secrets: Record<string, string>): string[] {
  const files = Object.entries(secrets).map(([name, value]) => ({ file: join(folder, name), value }));
  const present = files.find(({ file }) => existsSync(file));
  if (present !== undefined)
    throw new OperatorError(`${present.file} is there already; nothing was written.`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const { file, value } of files) writeFileSync(file, `${value}\n`, { flag: 'wx', mode: 0o600 });
  return files.map(({ file }) => file);
}
