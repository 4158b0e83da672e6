import { Command, InvalidArgumentError } from 'commander';
import { DatabaseLeak, type LeakPlan, type LeakProgress } from '../incidents/database-leak.js';
import { isReportId, type IncidentReport } from '../incidents/incident-report.js';
import { OperatorError } from '../platform/errors/operator-error.js';
import { withApplication } from './application-context.js';
import { parsePath } from './option-values.js';
import { printResult } from './output.js';
import { StepBars } from './progress.js';

interface Options {
  yes?: boolean;
  dryRun?: boolean;
  out?: string;
  resume?: string;
  json?: boolean;
}

export const incidentDatabaseLeakCommand = new Command('incident:database-leak')
  .description(
    'The answer to a database that somebody else has read: encrypts all anew, revokes every token and service key, ends all sessions, forces new passwords, lists whom to tell. Put a new key in front of ENCRYPTION_KEYS and restart every instance first; the service goes on meanwhile. Each run is a report of its own, unless --resume names one that was killed.',
  )
  .option('--dry-run', 'count what would be done, change nothing')
  .option('--yes', 'do it')
  .option('--out <folder>', 'where the report goes; default: DATA_DIR/incidents', parsePath)
  .option(
    '--resume <id>',
    'go on with the report of a run that was killed: the name of its folder',
    parseReportId,
  )
  .option('--json', 'print JSON')
  .action(async ({ yes = false, dryRun = false, out, resume, json }: Options) => {
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
      const left = leak.unfinished(out).filter((id) => id !== resume);
      if (left.length > 0) process.stderr.write(`Not finished, and not gone on with: ${left.join(', ')}\n`);
      const onProgress: LeakProgress = (step, rows) => {
        done.set(step, (done.get(step) ?? 0) + rows);
        bars.report(step, done.get(step)!, totals[step] ?? 0);
      };
      const onBegin = ({ id }: IncidentReport) =>
        process.stderr.write(`Report ${id}; should this be killed, go on with --resume ${id}\n`);
      return leak.run(onProgress, out, { resume, onBegin });
    }).finally(() => bars.stop());
    const { steps, affected } = report.state;
    printResult(json, { id: report.id, folder: report.folder, ...report.state }, [
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
    'passwords again': passwords,
  };
}

function parseReportId(text: string): string {
  if (!isReportId(text)) throw new InvalidArgumentError('It is not the name of a report.');
  return text;
}
