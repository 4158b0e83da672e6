import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { read, SSF, utils, write, type CellObject } from '@e965/xlsx';
import fc from 'fast-check';
import writeWorkbook from 'write-excel-file/node';
import { readWorkbook } from '../../src/imports/workbook/read-workbook.js';
import { alteredWorkbook } from '../factories/workbooks.js';
import { testConfig } from '../support/test-config.js';

const { imports: limits } = testConfig();

/** The texts of a workbook, row by row, without empty cells. */
async function textsOf(file: Buffer): Promise<string[][]> {
  const rows: string[][] = [];
  await readWorkbook(file, limits, (_sheet, { texts }) =>
    rows.push(texts.map((text) => (typeof text === 'string' ? text : text.text))),
  );
  return rows;
}

/** A real file of another program, with the values in column A. */
function written(values: readonly number[], format: string, is1904 = false): Buffer {
  const cells = values.map((value): CellObject[] => [{ t: 'n', v: value, z: format }]);
  const book = utils.book_new();
  utils.book_append_sheet(book, utils.aoa_to_sheet(cells), 'Values');
  book.Workbook = { WBProps: { date1904: is1904 } };
  return write(book, { type: 'buffer', bookType: 'xlsx' }) as Buffer;
}

/** SheetJS has no types for its formats. */
const formats = SSF as unknown as {
  format(format: string, value: number): string;
  is_date(format: string): boolean;
  get_table(): Record<number, string>;
};
const isDateFormat = (id: number): boolean => formats.is_date(formats.get_table()[id]!);

/** What that program shows for them when it reads its own file. */
function shown(file: Buffer): string[] {
  const sheet = read(file, { cellNF: true }).Sheets['Values']!;
  return utils.sheet_to_json<string[]>(sheet, { header: 1, raw: false }).map(([text]) => text!);
}

describe('a value of a workbook', () => {
  it.each([
    ['midnight in a column of times', 'h:mm', 0, '00:00:00'],
    ['noon', 'h:mm AM/PM', 0.5, '12:00:00'],
    ['a duration of more than a day', '[h]:mm', 25.5 / 24, '25:30:00'],
    ['a duration in minutes', '[mm]:ss', 90 / 1440, '01:30:00'],
    ['a duration of days', '[h]:mm:ss', 41.75, '1002:00:00'],
    ['no duration', '[h]:mm', 0, '00:00:00'],
    ['day 0', 'dd/mm/yyyy', 0, '1900-01-00'],
    ['day 1', 'dd/mm/yyyy', 1, '1900-01-01'],
    ['day 59', 'dd/mm/yyyy', 59, '1900-02-28'],
    ['the day that never was', 'dd/mm/yyyy', 60, '1900-02-29'],
    ['day 61', 'dd/mm/yyyy', 61, '1900-03-01'],
    ['the last day', 'dd/mm/yyyy', 2_958_465, '9999-12-31'],
    ['a day and a time', 'dd/mm/yyyy hh:mm', 45_688.5, '2025-01-31T12:00:00'],
    ['minutes beside months', 'mm/yyyy h:mm', 45_688.25, '2025-01-31T06:00:00'],
    ['money', '_-[$Rp-421]* #,##0_-', 45_688, '45688'],
    ['a word with d, m, y, h and s', '0 "dmyhs"', 45_688, '45688'],
    ['a colour', '[Red]0.00', 45_688, '45688'],
    ['a power of ten', '0.00E+00', 45_688, '45688'],
    ['a negative time', 'h:mm', -0.5, '-0.5'],
  ])('%s is read as Excel shows it [F-11]', async (_what, format, value, text) => {
    expect(await textsOf(written([value], format))).toEqual([[text]]);
  });

  it('in the calendar of 1904 is counted from there [F-11]', async () => {
    const file = written([0, 1, 60, 1462], 'yyyy-mm-dd', true);
    expect(await textsOf(file)).toEqual([['1904-01-01'], ['1904-01-02'], ['1904-03-01'], ['1908-01-02']]);
  });

  it.each([
    ['yyyy-mm-dd', fc.integer({ min: 0, max: 2_958_465 })],
    ['[hh]:mm:ss', fc.integer({ min: 0, max: 86_400 * 400 }).map((seconds) => seconds / 86_400)],
    ['hh:mm:ss', fc.integer({ min: 0, max: 86_399 }).map((seconds) => seconds / 86_400)],
    [
      'yyyy-mm-dd"T"hh:mm:ss',
      fc
        .tuple(fc.integer({ min: 1, max: 80_000 }), fc.integer({ min: 1, max: 86_399 }))
        .map(([day, seconds]) => day + seconds / 86_400),
    ],
  ])('of the format %s is read as an independent reader shows it [F-11]', async (format, value) => {
    const values = fc.sample(value, { numRuns: 300, seed: 20261121 });
    const file = written(values, format);
    const texts = (await textsOf(file)).map(([text]) => text!);
    expect(texts).toEqual(shown(file));
    expect(texts).toEqual(values.map((each) => formats.format(format, each)));
  });

  it('by the formats that have only a number is read as an independent reader understands them [F-11]', async () => {
    for (const id of [14, 15, 16, 17, 18, 19, 20, 21, 22, 45, 46, 47, 1, 2, 9, 10, 37, 49]) {
      const styles = `<styleSheet><cellXfs><xf numFmtId="${id}"/></cellXfs></styleSheet>`;
      const rows = '<row r="1"><c s="0"><v>0.25</v></c><c s="0"><v>1.25</v></c></row>';
      const sheet = `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>${rows}</sheetData></worksheet>`;
      const [[first, second]] = (await textsOf(
        alteredWorkbook({ 'xl/styles.xml': styles, 'xl/worksheets/sheet1.xml': sheet }),
      )) as [[string, string]];
      const isDate = isDateFormat(id);
      expect([id, first]).toEqual([id, isDate ? '06:00:00' : '0.25']);
      expect([id, second]).toEqual([id, isDate ? (id === 46 ? '30:00:00' : '1900-01-01T06:00:00') : '1.25']);
    }
  });

  it('of a file of openpyxl is read as openpyxl reads it [F-11]', async () => {
    // Written by test/outside/workbooks.py, which .ci/run compares anew.
    const folder = join(__dirname, '../fixtures');
    const expected = JSON.parse(readFileSync(join(folder, 'openpyxl-values.json'), 'utf8')) as string[][];
    expect(await textsOf(readFileSync(join(folder, 'openpyxl-values.xlsx')))).toEqual(expected);
    expect(expected.length).toBeGreaterThan(500);
  });

  it('of a file of write-excel-file is read as it was meant [F-11]', async () => {
    const at = (iso: string, format: string) => ({ value: new Date(iso), type: Date, format });
    const row = [
      at('2026-01-31T00:00:00Z', 'dd/mm/yyyy'),
      at('2026-01-31T23:59:59Z', 'dd/mm/yyyy hh:mm:ss'),
      { value: 25.5 / 24, type: Number, format: '[h]:mm' },
      { value: 0, type: Number, format: 'hh:mm' },
    ];
    expect(await textsOf(await writeWorkbook([row] as never, {}).toBuffer())).toEqual([
      ['2026-01-31', '2026-01-31T23:59:59', '25:30:00', '00:00:00'],
    ]);
  });
});
