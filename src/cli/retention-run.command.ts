import { Command, Option } from 'commander';
import { Clock } from '../platform/clock/clock.js';
import { OperatorError } from '../platform/errors/operator-error.js';
import { RETENTION_RULES, type RetentionRule } from '../retention/retention-rules.js';
import { RetentionClock } from '../retention/retention-clock.js';
import { RetentionService } from '../retention/retention.service.js';
import { withApplication } from './application-context.js';
import { parseBatchSize } from './option-values.js';
import { printResult } from './output.js';
import { Progress } from './progress.js';

interface Options {
  only?: string;
  dryRun?: boolean;
  yes?: boolean;
  batchSize: number;
  json?: boolean;
}

interface Outcome {
  readonly kind: string;
  /** Null: another instance is deleting these rows now. */
  readonly rows: number | null;
  /** Due, and left standing: more than a tenth at once needs --yes. */
  readonly left: number;
}

const kinds = RETENTION_RULES.map(({ kind }) => kind);

export const retentionRunCommand = new Command('retention:run')
  .description('Deletes what is older than the rules of retention say; the server does the same every hour.')
  .addOption(new Option('--only <kind>', 'one kind of data').choices(kinds))
  .option('--dry-run', 'count, delete nothing')
  .option('--yes', 'the clock is right, and all that is due may go, also more than a tenth of a table')
  .option('--batch-size <n>', 'rows of one statement', parseBatchSize, 500)
  .option('--json', 'print JSON')
  .action(async ({ only, dryRun = false, yes = false, batchSize, json }: Options) => {
    const rules = RETENTION_RULES.filter(({ kind }) => only === undefined || kind === only);
    const outcomes = await withApplication(async (app) => {
      if (!dryRun) await assertClock(app.get(RetentionClock), app.get(Clock).now(), yes);
      return runAll(app.get(RetentionService), rules, { dryRun, all: yes, batchSize });
    });
    const word = dryRun ? 'due' : 'deleted';
    const lines = outcomes.map(({ kind, rows, left }) => {
      if (rows === null) return `${kind}: another instance is at it`;
      const rest = left > 0 ? `; ${left} more are due, --yes deletes more than a tenth at once` : '';
      return `${kind}: ${rows} ${word}${rest}`;
    });
    printResult(json, { dryRun, outcomes }, lines);
    if (outcomes.some(({ rows }) => rows === null)) {
      throw new OperatorError('Some rows are being deleted by another instance; nothing is lost.');
    }
  });

/** @throws OperatorError when the clock cannot be trusted, and nobody says that it is right. */
async function assertClock(clock: RetentionClock, now: Date, isRight: boolean): Promise<void> {
  if (isRight) return clock.trust(now);
  const objection = await clock.objection(now);
  if (objection !== null)
    throw new OperatorError(`Nothing was deleted: ${objection}. Add --yes if the clock is right.`);
  await clock.look(now);
}

async function runAll(
  retention: RetentionService,
  rules: RetentionRule[],
  { dryRun, all, batchSize }: { dryRun: boolean; all: boolean; batchSize: number },
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const rule of rules) {
    const due = await retention.count(rule);
    if (dryRun) {
      outcomes.push({ kind: rule.kind, rows: due, left: 0 });
      continue;
    }
    const progress = new Progress(rule.kind, due);
    const rows = await retention.run(rule, { batchSize, all, onDeleted: (count) => progress.add(count) });
    progress.stop();
    outcomes.push({ kind: rule.kind, rows, left: all || rows === null ? 0 : await retention.count(rule) });
  }
  return outcomes;
}
