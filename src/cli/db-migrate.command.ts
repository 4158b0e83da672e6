import { Command } from 'commander';
import { loadConfig } from '../platform/config/load-config.js';
import { migrateDatabase } from '../platform/database/open-database.js';
import { printResult } from './output.js';

export const databaseMigrateCommand = new Command('db:migrate')
  .description(
    'Brings the tables up to date, as the role of DATABASE_MIGRATION_URL; safe to run at any time.',
  )
  .option('--json', 'print JSON')
  .action(async ({ json }: { json?: boolean }) => {
    const applied = await migrateDatabase(loadConfig());
    const lines =
      applied.length === 0 ? ['The database is up to date.'] : applied.map((name) => `Applied ${name}`);
    printResult(json, { applied }, lines);
  });
