import { Command } from 'commander';
import { OperatorError } from '../platform/errors/operator-error.js';
import { AdminCreation, type AdminHome } from '../users/admin-creation.js';
import { withApplication } from './application-context.js';
import { parseEmail, parseId, parseName } from './option-values.js';
import { printResult } from './output.js';

interface Options {
  email: string;
  name: string;
  organization?: string;
  organizationId?: string;
  operator?: boolean;
  json?: boolean;
}

export const adminCreateCommand = new Command('admin:create')
  .description(
    'Adds an administrator and prints a temporary password, good for one change of password within 24 hours. With --operator and no organization: makes an administrator that exists an operator.',
  )
  .requiredOption('--email <address>', 'the address to sign in with', parseEmail)
  .option('--name <name>', 'display name', parseName, 'Administrator')
  .option('--organization <name>', 'make a new organization of this name', parseName)
  .option('--organization-id <id>', 'join an organization that exists', parseId)
  .option('--operator', 'runs the installation: sees alerts and attempts that concern no organization')
  .option('--json', 'print JSON')
  .action(async (options: Options) => {
    const { email, name, operator: isOperator = false, organization, organizationId } = options;
    if (isOperator && organization === undefined && organizationId === undefined) {
      const made = await withApplication((app) => app.get(AdminCreation).makeOperator(email));
      printResult(options.json, made, [
        `Operator:      ${made.email}`,
        `Organization:  ${made.organizationId}`,
      ]);
      return;
    }
    const home = homeOf(options);
    const admin = await withApplication((app) =>
      app.get(AdminCreation).create({ email, name, isOperator }, home),
    );
    printResult(options.json, admin, [
      `Administrator: ${admin.email}`,
      `Organization:  ${admin.organizationId}`,
      `Temporary password (good for one change of password until ${admin.expiresAt.toISOString()}): ${admin.temporaryPassword}`,
    ]);
  });

function homeOf({ organization, organizationId }: Options): AdminHome {
  if ((organization === undefined) === (organizationId === undefined)) {
    throw new OperatorError('Give either --organization <name> or --organization-id <id>.');
  }
  return organizationId === undefined ? { newOrganization: organization! } : { organizationId };
}
