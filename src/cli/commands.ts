import type { Command } from 'commander';
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
import { securitySbomCommand } from './security-sbom.command.js';
import { usersImportCommand } from './users-import.command.js';
import { webhooksSendCommand } from './webhooks-send.command.js';

/** Every operator command; what holds for all of them is tested over this list. */
export const COMMANDS: readonly Command[] = [
  adminCreateCommand,
  auditVerifyCommand,
  backupCommand,
  databaseMigrateCommand,
  databaseRolesCommand,
  incidentAccountCommand,
  incidentBlockAddressCommand,
  incidentDatabaseLeakCommand,
  keysEncryptExistingCommand,
  keysGenerateCommand,
  keysRotateCommand,
  keysStatusCommand,
  restoreCommand,
  retentionRunCommand,
  securityAuditCommand,
  securityFixCommand,
  securitySbomCommand,
  usersImportCommand,
  webhooksSendCommand,
];
