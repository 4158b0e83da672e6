import { Command, InvalidArgumentError } from 'commander';
import { loadConfig, readEnvironment } from '../platform/config/load-config.js';
import { DEFAULT_ROLES, databaseRolesSql, isRoleName } from '../platform/database/database-roles.js';
import { executeOnServer } from '../platform/database/open-database.js';
import { rolePasswordsSql } from '../platform/database/role-passwords.js';
import { OperatorError } from '../platform/errors/operator-error.js';
import { printResult } from './output.js';

interface Options {
  owner: string;
  application: string;
  backup: string;
  /** True: with the addresses of the settings. */
  apply?: true | string;
  setPasswords?: boolean;
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
    '--apply [url]',
    'runs it instead of printing, as the role of this address, else of DATABASE_ADMIN_URL, DATABASE_MIGRATION_URL or DATABASE_URL',
    parseServer,
  )
  .option(
    '--set-passwords',
    'with --apply: gives the roles the passwords in DATABASE_URL, DATABASE_MIGRATION_URL and BACKUP_DATABASE_URL',
  )
  .option('--json', 'print JSON')
  .action(async ({ apply, setPasswords = false, json, ...roles }: Options) => {
    if (new Set(Object.values(roles)).size !== 3)
      throw new OperatorError('The three roles need three names.');
    const sql = databaseRolesSql(roles);
    if (setPasswords && apply === undefined) throw new OperatorError('--set-passwords needs --apply.');
    const passwords = setPasswords ? passwordsOf(Object.values(roles)) : [];
    if (apply !== undefined) {
      const address = apply === true ? addressOfSettings() : apply;
      await executeOnServer(address, sql);
      if (passwords.length > 0) await executeOnServer(address, passwords.join('\n'));
    }
    const lines =
      apply === undefined
        ? [sql]
        : [
            `The roles ${roles.owner}, ${roles.application} and ${roles.backup} are as they should be.`,
            setPasswords
              ? `${passwords.length} have the passwords of their addresses.`
              : `Give each a password (--set-passwords, or psql: \\password ${roles.application}) and put ${roles.application} into DATABASE_URL, ${roles.owner} into DATABASE_MIGRATION_URL.`,
          ];
    printResult(json, { ...roles, applied: apply !== undefined, passwords: passwords.length, sql }, lines);
  });

function addressOfSettings(): string {
  const { DATABASE_ADMIN_URL, DATABASE_MIGRATION_URL, DATABASE_URL } = readEnvironment();
  const address = [DATABASE_ADMIN_URL, DATABASE_MIGRATION_URL, DATABASE_URL].find((each) => each?.trim());
  if (address !== undefined) return parseServer(address);
  throw new OperatorError(
    'The embedded database has one user, who may do everything: roles and row security need DATABASE_URL.',
  );
}

/** One statement for each address that names a role and its password. */
function passwordsOf(roles: readonly string[]): string[] {
  const { databaseUrl, databaseMigrationUrl } = loadConfig();
  const backupUrl = readEnvironment()['BACKUP_DATABASE_URL'];
  const addresses = [databaseUrl, databaseMigrationUrl, backupUrl].flatMap((each) => each || []);
  const sql = rolePasswordsSql(roles, addresses);
  if (sql === null || addresses.length === 0)
    throw new OperatorError(
      `--set-passwords needs addresses that name these roles (${roles.join(', ')}) and a password of printable ASCII in each: DATABASE_URL, DATABASE_MIGRATION_URL and, if there is one, BACKUP_DATABASE_URL.`,
    );
  return sql.split('\n');
}

function parseServer(text: string): string {
  if (!URL.canParse(text) || !/^postgres(ql)?:$/.test(new URL(text).protocol))
    throw new InvalidArgumentError('It must be an address that begins with postgresql://.');
  return text;
}

function parseRole(text: string): string {
  if (!isRoleName(text)) {
    throw new InvalidArgumentError(
      'It must be a lower-case name of letters, digits and _, at most 63 of them.',
    );
  }
  return text;
}
