import { Command } from 'commander';
import { KeyRotation } from '../platform/database/key-rotation.js';
import { OperatorError } from '../platform/errors/operator-error.js';
import { withApplication } from './application-context.js';
import { parseBatchSize } from './option-values.js';
import { printResult } from './output.js';
import { Progress } from './progress.js';

interface Options {
  batchSize: number;
  dryRun?: boolean;
  json?: boolean;
}

export const keysRotateCommand = new Command('keys:rotate')
  .description(
    'Encrypts every value anew with the first key of ENCRYPTION_KEYS, while the service runs; killed, run it again.',
  )
  .option('--batch-size <n>', 'rows of one statement', parseBatchSize, 500)
  .option('--dry-run', 'count, change nothing')
  .option('--json', 'print JSON')
  .action(async ({ batchSize, dryRun = false, json }: Options) => {
    const outcome = await withApplication(async (app) => {
      const rotation = app.get(KeyRotation);
      const due = await rotation.countDue();
      if (dryRun) return { due, report: null };
      const progress = new Progress('Rotating', due);
      try {
        return { due, report: await rotation.run({ batchSize, onBatch: (count) => progress.add(count) }) };
      } finally {
        progress.stop();
      }
    });
    const { due, report } = outcome;
    if (report === null) {
      printResult(json, { dryRun: true, due }, [`${due} values wait for the newest key.`]);
      return;
    }
    printResult(json, { dryRun: false, due, ...report }, [
      `${report.rotated} values encrypted anew, ${report.overtaken} were written meanwhile, ${report.unreadable} cannot be read.`,
    ]);
    if (report.unreadable > 0) {
      throw new OperatorError('Values that cannot be read were left as they are; the log names them.');
    }
  });
