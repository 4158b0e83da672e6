import type { Readable } from 'node:stream';
import type { WorkbookLimits } from '../../platform/config/config.js';
import { isDateFormat, unescapeText } from './cell-values.js';
import { RichText } from './rich-text.js';
import { SharedText, SheetReader, type CellContext, type WorkbookRow } from './sheet-reader.js';
import { damaged, openPackage, resolvePart, type WorkbookPackage } from './workbook-package.js';
import { WorkbookRefused } from './workbook-refused.js';
import { assertHarmlessXml, readXml } from './xml.js';

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
  const main = await findMainPart(parts);
  const relations = await readRelations(parts, main);
  const { sheets, is1904 } = await readSheetList(parts, main, limits);
  await assertNothingHidden(parts);
  const partOf = (type: string) =>
    [...relations.values()].find((relation) => relation.type.endsWith(type))?.target;
  const book: CellContext = {
    limits,
    is1904,
    strings: await readSharedStrings(parts, partOf('/sharedStrings'), limits),
    dateStyles: await readDateStyles(parts, partOf('/styles')),
    cells: 0,
    characters: 0,
  };
  const summaries: SheetSummary[] = [];
  for (const { name, relationId } of sheets) {
    const relation = relations.get(relationId);
    if (relation === undefined) throw damaged(`sheet "${name}" has no content`);
    // Charts and dialogs have no cells.
    if (!relation.type.endsWith('/worksheet')) continue;
    const index = summaries.length;
    summaries.push(
      await readSheet(book, name, await parts.open(relation.target), (row) => onRow(index, row)),
    );
  }
  if (summaries.length === 0) throw damaged('it has no sheet with cells');
  return summaries;
}

/** The workbook itself, which must be of the type without macros. */
async function findMainPart(parts: WorkbookPackage): Promise<string> {
  if (!parts.has('[Content_Types].xml') || !parts.has('_rels/.rels'))
    throw new WorkbookRefused('not_a_workbook', 'This is a packed file, but not an .xlsx workbook.');
  const roots = await readRelations(parts, '');
  const main = [...roots.values()].find(({ type }) => type.endsWith('/officeDocument'))?.target;
  const types = new Map<string, string>();
  await readXml(await parts.open('[Content_Types].xml'), {
    open: (name, { PartName, ContentType }) => {
      if (name === 'Override' && PartName && ContentType) types.set(PartName.toLowerCase(), ContentType);
    },
  });
  const type = main === undefined ? undefined : types.get(`/${main.toLowerCase()}`);
  if ([...types.values()].some((each) => /macroEnabled|vbaProject/i.test(each)))
    throw new WorkbookRefused('macros', 'The workbook contains macros. Save it without them, as .xlsx.');
  if (main === undefined || type !== MAIN_TYPE)
    throw new WorkbookRefused('not_a_workbook', 'This is an Office file, but not an .xlsx workbook.');
  return main;
}

interface Relation {
  readonly type: string;
  readonly target: string;
}

/** What a part points to. Hyperlinks may point outside, they are only text; nothing else may. */
async function readRelations(parts: WorkbookPackage, source: string): Promise<Map<string, Relation>> {
  const slash = source.lastIndexOf('/') + 1;
  const file = `${source.slice(0, slash)}_rels/${source.slice(slash)}.rels`;
  const relations = new Map<string, Relation>();
  if (!parts.has(file)) return relations;
  await readXml(await parts.open(file), {
    open: (name, { Id, Type = '', Target = '', TargetMode }) => {
      if (name !== 'Relationship' || Id === undefined) return;
      if (TargetMode === 'External') {
        if (Type.endsWith('/hyperlink')) return;
        throw new WorkbookRefused(
          'external_links',
          'The workbook takes something from elsewhere. Break these links and save it again.',
        );
      }
      relations.set(Id, { type: Type, target: resolvePart(source, Target.split('#', 1)[0]!) });
    },
  });
  return relations;
}

/** Parts that we do not read must not be dangerous for those who do. */
async function assertNothingHidden(parts: WorkbookPackage): Promise<void> {
  for (const name of parts.names) {
    if (/\.rels$/i.test(name)) {
      const [, folder, source] = /^(.*?)_rels\/([^/]*)\.rels$/i.exec(name) ?? [];
      if (folder === undefined || source === undefined) throw damaged('it has relations of nothing');
      await readRelations(parts, `${folder}${source}`);
    } else if (/\.(xml|vml|svg)$/i.test(name)) {
      await assertHarmlessXml(await parts.open(name));
    }
  }
}

async function readSheetList(parts: WorkbookPackage, main: string, limits: WorkbookLimits) {
  const sheets: { name: string; relationId: string }[] = [];
  let is1904 = false;
  await readXml(await parts.open(main), {
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
  await readXml(await parts.open(part), {
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

async function readDateStyles(parts: WorkbookPackage, part: string | undefined): Promise<boolean[]> {
  const styles: boolean[] = [];
  if (part === undefined) return styles;
  const codes = new Map<number, string>();
  let isInside = false;
  await readXml(await parts.open(part), {
    open: (name, attributes) => {
      if (name === 'numFmt') codes.set(Number(attributes['numFmtId']), attributes['formatCode'] ?? '');
      if (name === 'cellXfs') isInside = true;
      if (name !== 'xf' || !isInside) return;
      const id = Number(attributes['numFmtId'] ?? 0);
      styles.push(isDateFormat(id, codes.get(id)));
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
  content: Readable,
  onRow: (row: WorkbookRow) => void,
): Promise<SheetSummary> {
  const reader = new SheetReader(book, sheet, onRow);
  await readXml(content, {
    open: (name, attributes) => reader.open(name, attributes),
    text: (piece) => reader.text(piece),
    close: (name) => reader.close(name),
  });
  return { name: sheet, rows: reader.lastRow, columns: reader.columns };
}
