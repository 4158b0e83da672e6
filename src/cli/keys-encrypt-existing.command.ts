import { Command } from 'commander';
import { PlaintextMove, type MoveOptions } from '../platform/database/plaintext-move.js';
import { OperatorError } from '../platform/errors/operator-error.js';
import { withApplication } from './application-context.js';
import { parseBatchSize, parseText } from './option-values.js';
import { printResult } from './output.js';
import { Progress } from './progress.js';

interface Options {
  from?: string;
  into: string;
  batchSize: number;
  dryRun?: boolean;
  json?: boolean;
}

/** What the move from an imported table goes through for each value. */
const PASSES = 3;

export const keysEncryptExistingCommand = new Command('keys:encrypt-existing')
  .description(
    'Encrypts what came as plaintext: values that were inserted into the encrypted columns, or with --from the columns of the same names of an imported table, whose rows have the ids of ours; those are cleared once every value was verified. Killed, run it again.',
  )
  .option('--from <table>', 'an imported table, with its schema if that is not public', parseText)
  .option('--into <table>', 'the table of ours that its rows belong to', parseText, 'integrations')
  .option('--batch-size <n>', 'rows of one statement', parseBatchSize, 500)
  .option('--dry-run', 'count, change nothing')
  .option('--json', 'print JSON')
  .action(async ({ from, into, batchSize, dryRun = false, json }: Options) => {
    await withApplication(async (app) => {
      const move = app.get(PlaintextMove);
      const imported = from === undefined ? null : await move.describe(from, into);
      const due = imported ? await move.count(imported) : await move.countInPlace();
      if (dryRun) return printResult(json, { dryRun, due }, [`${due} values are plaintext.`]);
      const progress = new Progress('Encrypting', imported ? due * PASSES : due);
      const options: MoveOptions = { batchSize, onBatch: (count) => progress.add(count) };
      try {
        if (!imported) {
          const encrypted = await move.runInPlace(options);
          progress.stop();
          return printResult(json, { dryRun, due, encrypted }, [
            `${encrypted} values encrypted and verified.`,
            VACUUM,
          ]);
        }
        const report = await move.run(imported, options);
        progress.stop();
        const { encrypted, verified, cleared, homeless, different, examples } = report;
        printResult(json, { dryRun, due, ...report }, [
          `${encrypted} values encrypted, ${verified} verified, ${cleared} cleared in ${imported.name}.`,
          ...(cleared > 0 ? [VACUUM] : []),
        ]);
        if (examples.length > 0) {
          throw new OperatorError(
            `Nothing was cleared: ${homeless} values have no row of the same id in ${into}, ${different} differ from the value there. First ids: ${examples.join(', ')}.`,
          );
        }
      } finally {
        progress.stop();
      }
    });
  });

const VACUUM =
  'The old values stay in free space of the table files until it is rewritten: VACUUM FULL, or drop the table.';
