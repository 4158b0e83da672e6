import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { OperatorError } from '../platform/errors/operator-error.js';
import { PeopleImport, type RefusedLine } from '../users/people-import.js';
import { withApplication } from './application-context.js';
import { parseBatchSize, parseId, parsePath } from './option-values.js';
import { printResult } from './output.js';
import { Progress } from './progress.js';

interface Options {
  organizationId: string;
  format?: 'csv' | 'jsonl';
  batchSize: number;
  skipRefused?: boolean;
  dryRun?: boolean;
  report?: string;
  json?: boolean;
}

/** Refused lines that are printed; the report has all. */
const SHOWN = 20;

export const usersImportCommand = new Command('users:import')
  .description(
    'Brings people along from CSV (with a header) or JSON lines: email, name, and as you like role, locale, passwordHash (argon2 or bcrypt).',
  )
  .argument('<file>', 'people.csv or people.jsonl', parsePath)
  .requiredOption('--organization-id <id>', 'where they belong', parseId)
  .addOption(new Option('--format <format>', 'instead of the ending of the name').choices(['csv', 'jsonl']))
  .option('--batch-size <n>', 'people of one transaction', parseBatchSize, 500)
  .option('--skip-refused', 'import the others when some lines are refused')
  .option('--dry-run', 'judge the file, write nothing')
  .option('--report <file>', 'write the refused lines with their reasons as JSON lines', parsePath)
  .option('--json', 'print JSON')
  .action(async (file: string, options: Options) => {
    const { organizationId, batchSize, skipRefused = false, dryRun = false, json } = options;
    const format = options.format ?? formatOf(file);
    const report = await withApplication(async (app) => {
      let progress: Progress | undefined;
      try {
        return await app.get(PeopleImport).run({
          file,
          format,
          organizationId,
          batchSize,
          skipRefused,
          dryRun,
          onProgress: (count, total) => (progress ??= new Progress('Importing', total)).add(count),
        });
      } finally {
        progress?.stop();
      }
    });
    const { accepted, imported, before, refused } = report;
    if (options.report !== undefined) writeReport(options.report, refused);
    printResult(json, report, [
      `${accepted} people can be imported, ${imported} were, ${before} had been before, ${refused.length} lines are refused.`,
      ...refused.slice(0, SHOWN).map(({ line, reasons }) => `  line ${line}: ${reasons.join('; ')}`),
      ...(refused.length > SHOWN ? [`  and ${refused.length - SHOWN} more (--report <file>)`] : []),
    ]);
    if (refused.length > 0 && !skipRefused)
      throw new OperatorError('Nothing was imported. Mend the lines, or add --skip-refused.');
  });

function writeReport(file: string, refused: readonly RefusedLine[]): void {
  writeFileSync(file, refused.map((line) => `${JSON.stringify(line)}\n`).join(''), { mode: 0o600 });
}

function formatOf(file: string): 'csv' | 'jsonl' {
  if (/\.csv$/i.test(file)) return 'csv';
  if (/\.(jsonl|ndjson)$/i.test(file)) return 'jsonl';
  throw new OperatorError('Say --format csv or --format jsonl: the ending of the name does not tell.');
}
