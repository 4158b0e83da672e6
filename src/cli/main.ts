import 'reflect-metadata';
import { Command } from 'commander';
import { exitWithReason } from '../platform/errors/exit-with-reason.js';
import { adminCreateCommand } from './admin-create.command.js';
import { auditVerifyCommand } from './audit-verify.command.js';
import { backupCommand } from './backup.command.js';
import { databaseMigrateCommand } from './db-migrate.command.js';
import { databaseRolesCommand } from './db-roles.command.js';
import { incidentAccountCommand } from './incident-account.command.js';
import { incidentBlockAddressCommand } from './incident-block-address.command.js';
import { incidentDatabaseLeakCommand } from './incident-database-leak.command.js';
import { keysEncryptExistingCommand } from './keys-encrypt-existing.command.js';
import { keysGenerateCommand } from './keys-generate.command.js';
import { keysRotateCommand } from './keys-rotate.command.js';
import { keysStatusCommand } from './keys-status.command.js';
import { restoreCommand } from './restore.command.js';
import { retentionRunCommand } from './retention-run.command.js';
import { securityAuditCommand } from './security-audit.command.js';
import { securityFixCommand } from './security-fix.command.js';
import { usersImportCommand } from './users-import.command.js';
import { webhooksSendCommand } from './webhooks-send.command.js';

const program = new Command('benteng')
  .description('Operator commands; they read the same settings as the server.')
  .usage('<command> [options]')
  .showHelpAfterError('(add --help to see what the command takes)')
  .addCommand(adminCreateCommand)
  .addCommand(auditVerifyCommand)
  .addCommand(backupCommand)
  .addCommand(databaseMigrateCommand)
  .addCommand(databaseRolesCommand)
  .addCommand(incidentAccountCommand)
  .addCommand(incidentBlockAddressCommand)
  .addCommand(incidentDatabaseLeakCommand)
  .addCommand(keysEncryptExistingCommand)
  .addCommand(keysGenerateCommand)
  .addCommand(keysStatusCommand)
  .addCommand(keysRotateCommand)
  .addCommand(restoreCommand)
  .addCommand(retentionRunCommand)
  .addCommand(securityAuditCommand)
  .addCommand(securityFixCommand)
  .addCommand(usersImportCommand)
  .addCommand(webhooksSendCommand);

try {
  await program.parseAsync();
} catch (error) {
  exitWithReason(error);
}
