import { Command } from 'commander';
import { DatabaseLeak, type LeakPlan } from '../incidents/database-leak.js';
import { OperatorError } from '../platform/errors/operator-error.js';
import { withApplication } from './application-context.js';
import { parsePath } from './option-values.js';
import { printResult } from './output.js';
import { StepBars } from './progress.js';

interface Options {
  yes?: boolean;
  dryRun?: boolean;
  out?: string;
  json?: boolean;
}

export const incidentDatabaseLeakCommand = new Command('incident:database-leak')
  .description(
    'The answer to a database that somebody else has read: encrypts all anew, revokes every token and service key, ends all sessions, forces new passwords, lists whom to tell. Put a new key in front of ENCRYPTION_KEYS first. Killed, run it again.',
  )
  .option('--dry-run', 'count what would be done, change nothing')
  .option('--yes', 'do it')
  .option('--out <folder>', 'where the report goes; default: DATA_DIR/incidents', parsePath)
  .option('--json', 'print JSON')
  .action(async ({ yes = false, dryRun = false, out, json }: Options) => {
    if (dryRun || !yes) {
      const plan = await withApplication((app) => app.get(DatabaseLeak).plan());
      printResult(json, { dryRun: true, plan }, [
        `${plan.encryptedValues} values would be encrypted anew,`,
        `${plan.integrations} integrations and ${plan.serviceKeys} service keys revoked,`,
        `${plan.liveSessions} sessions ended, ${plan.passwords} passwords have to be changed.`,
      ]);
      if (!dryRun) throw new OperatorError('Nothing was done. Add --yes to do it.');
      return;
    }
    const bars = new StepBars();
    const report = await withApplication(async (app) => {
      const leak = app.get(DatabaseLeak);
      const totals = totalsOf(await leak.plan());
      const done = new Map<string, number>();
      return leak.run((step, rows) => {
        done.set(step, (done.get(step) ?? 0) + rows);
        bars.report(step, done.get(step)!, totals[step] ?? 0);
      }, out);
    }).finally(() => bars.stop());
    const { steps, affected } = report.state;
    printResult(json, { folder: report.folder, ...report.state }, [
      ...Object.entries(steps).map(([step, rows]) => `${step}: ${rows}`),
      `To tell: ${affected?.length ?? 0} integrations, listed in ${report.folder}/notify.csv`,
    ]);
  });

/** How many rows each step is about to take. */
function totalsOf(plan: LeakPlan): Record<string, number> {
  const { encryptedValues, integrations, serviceKeys, liveSessions, passwords } = plan;
  return {
    keys: encryptedValues,
    integrations,
    'service-keys': serviceKeys,
    sessions: liveSessions,
    passwords,
  };
}
