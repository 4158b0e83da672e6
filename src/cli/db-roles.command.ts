import { Command, InvalidArgumentError } from 'commander';
import { loadConfig } from '../platform/config/load-config.js';
import { DEFAULT_ROLES, databaseRolesSql, isRoleName } from '../platform/database/database-roles.js';
import { executeOnServer } from '../platform/database/open-database.js';
import { OperatorError } from '../platform/errors/operator-error.js';
import { printResult } from './output.js';

interface Options {
  owner: string;
  application: string;
  backup: string;
  apply?: boolean;
  json?: boolean;
}

export const databaseRolesCommand = new Command('db:roles')
  .description(
    'Prints the SQL that makes the roles of the database: an owner that migrates, an application role that reads and writes rows of its scope only, a backup role that only reads. Run it after every update.',
  )
  .option('--owner <name>', 'role of DATABASE_MIGRATION_URL', parseRole, DEFAULT_ROLES.owner)
  .option('--application <name>', 'role of DATABASE_URL', parseRole, DEFAULT_ROLES.application)
  .option('--backup <name>', 'role for backups', parseRole, DEFAULT_ROLES.backup)
  .option(
    '--apply',
    'runs it, as the role of DATABASE_MIGRATION_URL (else of DATABASE_URL), instead of printing',
  )
  .option('--json', 'print JSON')
  .action(async ({ apply = false, json, ...roles }: Options) => {
    if (new Set(Object.values(roles)).size !== 3)
      throw new OperatorError('The three roles need three names.');
    const sql = databaseRolesSql(roles);
    if (apply) {
      const { databaseUrl, databaseMigrationUrl } = loadConfig();
      if (databaseUrl === null) {
        throw new OperatorError(
          'The embedded database has one user, who may do everything: roles and row security need DATABASE_URL.',
        );
      }
      await executeOnServer(databaseMigrationUrl ?? databaseUrl, sql);
    }
    const lines = apply
      ? [
          `The roles ${roles.owner}, ${roles.application} and ${roles.backup} are as they should be.`,
          `Give each a password (psql: \\password ${roles.application}) and put ${roles.application} into DATABASE_URL, ${roles.owner} into DATABASE_MIGRATION_URL.`,
        ]
      : [sql];
    printResult(json, { ...roles, applied: apply, sql }, lines);
  });

function parseRole(text: string): string {
  if (!isRoleName(text)) {
    throw new InvalidArgumentError(
      'It must be a lower-case name of letters, digits and _, at most 63 of them.',
    );
  }
  return text;
}
