import { Command, Option } from 'commander';
import {
  findDevelopmentSecrets,
  generateSecret,
  type SecretName,
} from '../platform/config/development-secrets.js';
import { readEnvironment } from '../platform/config/load-config.js';
import { printResult } from './output.js';

const NAMES = ['JWT_PRIVATE_KEYS', 'ENCRYPTION_KEYS', 'TOKEN_KEYS'] as const satisfies readonly SecretName[];

export const keysGenerateCommand = new Command('keys:generate')
  .description('Prints fresh values for the secret settings; stores nothing.')
  .addOption(new Option('--for <name>', 'only this setting').choices(NAMES))
  .option('--json', 'print JSON')
  .action((options: { for?: SecretName; json?: boolean }) => {
    const environment = readEnvironment();
    // Key ids are not used again, whether the ring is set or was made for development.
    const present = { ...findDevelopmentSecrets(environment['DATA_DIR'] ?? '.data'), ...environment };
    const names = options.for === undefined ? NAMES : [options.for];
    const secrets = Object.fromEntries(
      names.map((name) => [name, generateSecret(name, present[name]).trim()]),
    );
    const lines = Object.entries(secrets).map(
      ([name, value]) => `${name}="${value.replaceAll('\n', '\\n')}"`,
    );
    printResult(options.json, secrets, lines);
  });
