import { Command } from 'commander';
import { AccountCompromise, type AccountFindings } from '../incidents/account-compromise.js';
import { OperatorError } from '../platform/errors/operator-error.js';
import { withApplication } from './application-context.js';
import { parseEmail } from './option-values.js';
import { printResult } from './output.js';

interface Options {
  email: string;
  yes?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

export const incidentAccountCommand = new Command('incident:account')
  .description(
    'The answer to an account that somebody else has used: a temporary password in place of the known one, every session and remembered device ended, and the login audit.',
  )
  .requiredOption('--email <address>', 'whose account', parseEmail)
  .option('--dry-run', 'show what is known, change nothing')
  .option('--yes', 'do it')
  .option('--json', 'print JSON')
  .action(async ({ email, yes = false, dryRun = false, json }: Options) => {
    if (dryRun || !yes) {
      const findings = await withApplication((app) => app.get(AccountCompromise).look(email));
      printResult(json, { dryRun: true, ...findings }, describe(findings));
      if (!dryRun) throw new OperatorError('Nothing was done. Add --yes to do it.');
      return;
    }
    const secured = await withApplication((app) => app.get(AccountCompromise).secure(email));
    printResult(json, secured, [
      ...describe(secured),
      `Temporary password (good for one change of password until ${secured.expiresAt.toISOString()}): ${secured.temporaryPassword}`,
    ]);
  });

function describe({ userId, email, liveSessions, rememberedDevices, attempts }: AccountFindings): string[] {
  return [
    `${email} (${userId}): ${liveSessions} sessions, ${rememberedDevices} remembered devices`,
    ...attempts.map(
      ({ createdAt, success, failureReason, ipAddress, userAgent }) =>
        `  ${createdAt.toISOString()}  ${(failureReason ?? (success ? 'success' : '-')).padEnd(27)}  ${ipAddress.padEnd(15)}  ${userAgent ?? '-'}`,
    ),
  ];
}
