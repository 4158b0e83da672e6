import type { WorkbookLimits } from '../../platform/config/config.js';
import { unescapeText } from './cell-values.js';
import { CONTENT_TYPES, ContentTypes } from './content-types.js';
import { forbiddenPart } from './forbidden-parts.js';
import { formatKind, type FormatKind } from './number-formats.js';
import { readRelations } from './relations.js';
import { RichText } from './rich-text.js';
import { SharedText, SheetReader, type CellContext, type WorkbookRow } from './sheet-reader.js';
import { assertHarmless } from './unread-parts.js';
import { openPackage, type WorkbookPackage } from './workbook-package.js';
import { damaged, WorkbookRefused } from './workbook-refused.js';
import { readXml } from './xml.js';

/** A sheet as it was found. */
export interface SheetSummary {
  readonly name: string;
  /** Number of the last row with a cell. */
  readonly rows: number;
  /** Columns of the widest row. */
  readonly columns: number;
}

/** Where the rows go, in their order. */
export type RowSink = (sheet: number, row: WorkbookRow) => void;

const MAIN_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml';

/**
 * Reads the cells of an .xlsx as text (ECMA-376, transitional and strict). Formulas are given as their own text and never
 * computed; dates as ISO 8601 without a zone; keys of any kind are never made from what is in the file.
 * @throws WorkbookRefused naming sheet and cell where there is one.
 */
export async function readWorkbook(
  file: Buffer,
  limits: WorkbookLimits,
  onRow: RowSink,
): Promise<SheetSummary[]> {
  const parts = await openPackage(file, limits.inflatedMiB);
  const types = await readContentTypes(parts);
  const main = await findMainPart(parts, types);
  const relations = await readRelations(parts, main);
  const { sheets, is1904 } = await readSheetList(parts, main, limits);
  const partOf = (type: string) =>
    [...relations.values()].find((relation) => relation.type.endsWith(type) && parts.has(relation.target))
      ?.target;
  const book: CellContext = {
    limits,
    is1904,
    strings: await readSharedStrings(parts, partOf('/sharedStrings'), limits),
    formats: await readFormats(parts, partOf('/styles')),
    cells: 0,
    characters: 0,
  };
  const summaries: SheetSummary[] = [];
  let found = 0;
  for (const { name, relationId } of sheets) {
    const relation = relations.get(relationId);
    // Charts and dialogs have no cells.
    if (relation !== undefined && !relation.type.endsWith('/worksheet')) continue;
    const index = summaries.length;
    if (relation === undefined || !parts.has(relation.target)) {
      // A list that is older than its sheets: other programs show such a sheet as empty.
      summaries.push({ name, rows: 0, columns: 0 });
      continue;
    }
    found += 1;
    summaries.push(await readSheet(book, name, parts, relation.target, (row) => onRow(index, row)));
  }
  if (found === 0) throw damaged('it has no sheet with cells');
  await assertHarmless(parts, types);
  return summaries;
}

async function readContentTypes(parts: WorkbookPackage): Promise<ContentTypes> {
  if (!parts.has(CONTENT_TYPES) || !parts.has('_rels/.rels'))
    throw new WorkbookRefused('not_a_workbook', 'This is a packed file, but not an .xlsx workbook.');
  return ContentTypes.read(parts);
}

/** The workbook itself, which must be of the type without macros. */
async function findMainPart(parts: WorkbookPackage, types: ContentTypes): Promise<string> {
  const roots = await readRelations(parts, '');
  const main = [...roots.values()].find(({ type }) => type.endsWith('/officeDocument'))?.target;
  const type = main === undefined ? '' : types.of(main);
  const refusal = main === undefined ? undefined : forbiddenPart(main, type);
  if (refusal !== undefined) throw refusal;
  if (main === undefined || type.toLowerCase() !== MAIN_TYPE)
    throw new WorkbookRefused('not_a_workbook', 'This is an Office file, but not an .xlsx workbook.');
  return main;
}

async function readSheetList(parts: WorkbookPackage, main: string, limits: WorkbookLimits) {
  const sheets: { name: string; relationId: string }[] = [];
  let is1904 = false;
  await readXml(parts, main, {
    open: (name, attributes) => {
      if (name === 'workbookPr') is1904 = /^(1|true)$/.test(attributes['date1904'] ?? '');
      if (name !== 'sheet') return;
      const relation = Object.entries(attributes).find(([key]) => /(^|:)id$/.test(key) && key !== 'sheetId');
      // Excel itself allows 31 characters.
      sheets.push({ name: (attributes['name'] ?? '').slice(0, 100), relationId: relation?.[1] ?? '' });
      if (sheets.length > limits.sheets)
        throw new WorkbookRefused('too_many_sheets', `The workbook has more than ${limits.sheets} sheets.`);
    },
  });
  return { sheets, is1904 };
}

async function readSharedStrings(
  parts: WorkbookPackage,
  part: string | undefined,
  limits: WorkbookLimits,
): Promise<SharedText[]> {
  const strings: SharedText[] = [];
  if (part === undefined) return strings;
  const text = new RichText();
  await readXml(parts, part, {
    open: (name) => {
      if (name === 'si') text.clear();
      text.open(name);
    },
    text: (piece) => {
      text.add(piece);
      if (text.length > limits.cellLength)
        throw new WorkbookRefused('cell_too_long', `A text is longer than ${limits.cellLength} characters.`);
    },
    close: (name) => {
      text.close(name);
      if (name !== 'si') return;
      strings.push(new SharedText(unescapeText(text.value)));
      if (strings.length > limits.sharedStrings)
        throw new WorkbookRefused(
          'too_many_strings',
          `The workbook has more than ${limits.sharedStrings} different texts.`,
        );
    },
  });
  return strings;
}

/** How each cell style shows numbers. */
async function readFormats(parts: WorkbookPackage, part: string | undefined): Promise<FormatKind[]> {
  const styles: FormatKind[] = [];
  if (part === undefined) return styles;
  const codes = new Map<number, string>();
  let isInside = false;
  await readXml(parts, part, {
    open: (name, attributes) => {
      if (name === 'numFmt') codes.set(Number(attributes['numFmtId']), attributes['formatCode'] ?? '');
      if (name === 'cellXfs') isInside = true;
      if (name !== 'xf' || !isInside) return;
      const id = Number(attributes['numFmtId'] ?? 0);
      styles.push(formatKind(id, codes.get(id)));
    },
    close: (name) => {
      if (name === 'cellXfs') isInside = false;
    },
  });
  return styles;
}

async function readSheet(
  book: CellContext,
  sheet: string,
  parts: WorkbookPackage,
  part: string,
  onRow: (row: WorkbookRow) => void,
): Promise<SheetSummary> {
  const reader = new SheetReader(book, sheet, onRow);
  await readXml(parts, part, {
    open: (name, attributes) => reader.open(name, attributes),
    text: (piece) => reader.text(piece),
    close: (name) => reader.close(name),
  });
  return { name: sheet, rows: reader.lastRow, columns: reader.columns };
}
