// Dates, times and durations as openpyxl reads them in a workbook of its own, beside what this program reads.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readWorkbook } from '../../dist/imports/workbook/read-workbook.js';

const PYTHON = '/usr/bin/python3';
if (spawnSync(PYTHON, ['-c', 'import openpyxl']).status !== 0) {
  console.log('skipped: openpyxl not found (Debian: apt-get install python3-openpyxl)');
  process.exit(0);
}

const LIMITS = {
  sheets: 50,
  rows: 500_000,
  columns: 500,
  cells: 5_000_000,
  sharedStrings: 500_000,
  cellLength: 32_767,
  inflatedMiB: 400,
  textMi: 1024,
  storedMiB: 128,
};
const folder = mkdtempSync(join(tmpdir(), 'benteng-workbooks-'));
try {
  const path = join(folder, 'values.xlsx');
  const { status, stdout, stderr } = spawnSync(PYTHON, [join(import.meta.dirname, 'workbooks.py'), path]);
  if (status !== 0) throw new Error(stderr.toString());
  const expected = JSON.parse(stdout.toString());
  const found = [];
  await readWorkbook(readFileSync(path), LIMITS, (_sheet, { texts }) =>
    found.push(texts.map((text) => (typeof text === 'string' ? text : text.text))),
  );
  const different = expected.flatMap((row, index) =>
    row.join('|') === found[index]?.join('|') ? [] : [`${row.join('|')} read as ${found[index]?.join('|')}`],
  );
  if (different.length > 0 || expected.length !== found.length)
    throw new Error(
      `of ${expected.length} rows ${different.length} differ:\n${different.slice(0, 20).join('\n')}`,
    );
  console.log(`${expected.length} rows read as openpyxl reads them`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
