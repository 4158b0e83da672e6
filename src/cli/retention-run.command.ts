import { Command, Option } from 'commander';
import { OperatorError } from '../platform/errors/operator-error.js';
import { RETENTION_RULES, type RetentionRule } from '../retention/retention-rules.js';
import { RetentionService } from '../retention/retention.service.js';
import { withApplication } from './application-context.js';
import { parseBatchSize } from './option-values.js';
import { printResult } from './output.js';
import { Progress } from './progress.js';

interface Options {
  only?: string;
  dryRun?: boolean;
  batchSize: number;
  json?: boolean;
}

interface Outcome {
  readonly kind: string;
  /** Null: another instance is deleting these rows now. */
  readonly rows: number | null;
}

const kinds = RETENTION_RULES.map(({ kind }) => kind);

export const retentionRunCommand = new Command('retention:run')
  .description('Deletes what is older than the rules of retention say; the server does the same every hour.')
  .addOption(new Option('--only <kind>', 'one kind of data').choices(kinds))
  .option('--dry-run', 'count, delete nothing')
  .option('--batch-size <n>', 'rows of one statement', parseBatchSize, 500)
  .option('--json', 'print JSON')
  .action(async ({ only, dryRun = false, batchSize, json }: Options) => {
    const rules = RETENTION_RULES.filter(({ kind }) => only === undefined || kind === only);
    const outcomes = await withApplication((app) =>
      runAll(app.get(RetentionService), rules, dryRun, batchSize),
    );
    const word = dryRun ? 'due' : 'deleted';
    const lines = outcomes.map(({ kind, rows }) =>
      rows === null ? `${kind}: another instance is at it` : `${kind}: ${rows} ${word}`,
    );
    printResult(json, { dryRun, outcomes }, lines);
    if (outcomes.some(({ rows }) => rows === null)) {
      throw new OperatorError('Some rows are being deleted by another instance; nothing is lost.');
    }
  });

async function runAll(
  retention: RetentionService,
  rules: RetentionRule[],
  dryRun: boolean,
  batchSize: number,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const rule of rules) {
    const due = await retention.count(rule);
    if (dryRun) {
      outcomes.push({ kind: rule.kind, rows: due });
      continue;
    }
    const progress = new Progress(rule.kind, due);
    const rows = await retention.run(rule, { batchSize, onDeleted: (count) => progress.add(count) });
    progress.stop();
    outcomes.push({ kind: rule.kind, rows });
  }
  return outcomes;
}
