import type { WorkbookLimits } from '../../platform/config/config.js';
import { columnName, columnOf, isDateFormat, serialToText, unescapeText } from './cell-values.js';
import { damaged, openPackage, resolvePart, type WorkbookPackage } from './workbook-package.js';
import { WorkbookRefused } from './workbook-refused.js';
import { assertHarmlessXml, readXml, type Attributes } from './xml.js';

/** A sheet as it was found. */
export interface SheetSummary {
  readonly name: string;
  /** Number of the last row with a cell. */
  readonly rows: number;
  /** Columns of the widest row. */
  readonly columns: number;
}

/** A row with at least one cell that is not empty: its number, and its cells as text. */
export type WorkbookRow = [row: number, cells: string[]];

/** Where the rows go, in their order. Reading waits when it returns a promise. */
export type RowSink = (sheet: number, row: WorkbookRow) => void;

const MAIN_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml';
const WORKSHEET = /\/worksheet$/;

interface Book {
  readonly parts: WorkbookPackage;
  readonly limits: WorkbookLimits;
  readonly strings: string[];
  /** For each cell style, whether it shows a date. */
  readonly dateStyles: boolean[];
  readonly is1904: boolean;
  cells: number;
}

/**
 * Reads the cells of an .xlsx as text (ECMA-376, transitional and strict). Formulas are given as their own text and never
 * computed; dates as ISO 8601 without a zone; keys of any kind are never made from what is in the file.
 * @param pause asked between pieces: reading goes on when it is settled.
 * @throws WorkbookRefused naming sheet and cell where there is one.
 */
export async function readWorkbook(
  file: Buffer,
  limits: WorkbookLimits,
  onRow: RowSink,
  pause: () => Promise<void> | undefined = () => undefined,
): Promise<SheetSummary[]> {
  const parts = await openPackage(file, limits.inflatedMiB);
  const main = await findMainPart(parts);
  const relations = await readRelations(parts, main);
  const { sheets, is1904 } = await readSheetList(parts, main, limits);
  await assertNothingHidden(parts);
  const partOf = (type: RegExp) =>
    [...relations.values()].find((relation) => type.test(relation.type))?.target;
  const book: Book = {
    parts,
    limits,
    is1904,
    strings: await readSharedStrings(parts, partOf(/\/sharedStrings$/), limits),
    dateStyles: await readDateStyles(parts, partOf(/\/styles$/)),
    cells: 0,
  };
  const summaries: SheetSummary[] = [];
  for (const { name, relationId } of sheets) {
    const relation = relations.get(relationId);
    if (relation === undefined) throw damaged(`sheet "${name}" has no content`);
    // Charts and dialogs have no cells.
    if (!WORKSHEET.test(relation.type)) continue;
    const index = summaries.length;
    summaries.push(await readSheet(book, name, relation.target, (row) => onRow(index, row), pause));
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
): Promise<string[]> {
  const strings: string[] = [];
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
      strings.push(unescapeText(text.value));
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

/** Collects the text of `<t>`, without phonetic hints. */
class RichText {
  value = '';
  private isText = false;
  private isPhonetic = false;

  get length(): number {
    return this.value.length;
  }

  clear(): void {
    this.value = '';
  }

  open(name: string): void {
    if (name === 'rPh') this.isPhonetic = true;
    else if (name === 't') this.isText = true;
  }

  add(piece: string): void {
    if (this.isText && !this.isPhonetic) this.value += piece;
  }

  close(name: string): void {
    if (name === 'rPh') this.isPhonetic = false;
    else if (name === 't') this.isText = false;
  }
}

async function readSheet(
  book: Book,
  sheet: string,
  part: string,
  onRow: (row: WorkbookRow) => void,
  pause: () => Promise<void> | undefined,
): Promise<SheetSummary> {
  const reader = new SheetReader(book, sheet, onRow);
  await readXml(await book.parts.open(part), {
    open: (name, attributes) => reader.open(name, attributes),
    text: (piece) => reader.text(piece),
    close: (name) => reader.close(name),
    pause,
  });
  return { name: sheet, rows: reader.lastRow, columns: reader.columns };
}

/** Follows `<row>`, `<c>`, `<v>`, `<f>` and `<is>` of one sheet. */
class SheetReader {
  lastRow = 0;
  columns = 0;
  private row = 0;
  private cells: string[] = [];
  private column = -1;
  private type = '';
  private style = -1;
  private value = '';
  private formula = '';
  private readonly inline = new RichText();
  private inside: 'v' | 'f' | 'is' | null = null;

  constructor(
    private readonly book: Book,
    private readonly sheet: string,
    private readonly onRow: (row: WorkbookRow) => void,
  ) {}

  open(name: string, attributes: Attributes): void {
    switch (name) {
      case 'row':
        this.beginRow(attributes['r']);
        return;
      case 'c':
        this.beginCell(attributes);
        return;
      case 'v':
      case 'f':
      case 'is':
        this.inside = name;
        return;
      default:
        if (this.inside === 'is') this.inline.open(name);
    }
  }

  text(piece: string): void {
    if (this.inside === null) return;
    if (this.inside === 'v') this.value += piece;
    else if (this.inside === 'f') this.formula += piece;
    else this.inline.add(piece);
    const length = this.value.length + this.formula.length + this.inline.length;
    if (length > this.book.limits.cellLength)
      throw this.refuse('cell_too_long', `is longer than ${this.book.limits.cellLength} characters`);
  }

  close(name: string): void {
    if (name === 'c') this.endCell();
    else if (name === 'row') this.endRow();
    else if (name === this.inside) this.inside = null;
    else if (this.inside === 'is') this.inline.close(name);
  }

  private beginRow(reference: string | undefined): void {
    const row = reference === undefined ? this.row + 1 : Number(reference);
    if (!Number.isSafeInteger(row) || row <= this.row)
      throw damaged(`the rows of sheet "${this.sheet}" are out of order`);
    if (row > this.book.limits.rows)
      throw new WorkbookRefused(
        'too_many_rows',
        `Sheet "${this.sheet}" has more than ${this.book.limits.rows} rows.`,
      );
    this.row = row;
    this.cells = [];
    this.column = -1;
  }

  private beginCell(attributes: Attributes): void {
    const reference = attributes['r'];
    const column = reference === undefined ? this.column + 1 : columnOf(reference);
    if (column <= this.column || this.row === 0)
      throw damaged(`the cells of sheet "${this.sheet}", row ${this.row}, are out of order`);
    this.column = column;
    if (column >= this.book.limits.columns)
      throw this.refuse('too_many_columns', `is behind column ${this.book.limits.columns}`);
    this.book.cells += 1;
    if (this.book.cells > this.book.limits.cells)
      throw this.refuse('too_many_cells', `is one too many: ${this.book.limits.cells} are read at most`);
    this.type = attributes['t'] ?? 'n';
    this.style = attributes['s'] === undefined ? -1 : Number(attributes['s']);
    this.value = '';
    this.formula = '';
    this.inline.clear();
  }

  private endCell(): void {
    this.inside = null;
    const text = this.textOfCell();
    if (text === '') return;
    while (this.cells.length < this.column) this.cells.push('');
    this.cells.push(text);
  }

  private endRow(): void {
    if (this.cells.length === 0) return;
    this.lastRow = this.row;
    this.columns = Math.max(this.columns, this.cells.length);
    this.onRow([this.row, this.cells]);
    this.cells = [];
  }

  /** A cell that only shares a formula of another one has no text of its own: its last value is what it shows. */
  private textOfCell(): string {
    if (this.formula !== '') return `=${this.formula}`;
    switch (this.type) {
      case 's':
        return this.sharedString();
      case 'inlineStr':
        return unescapeText(this.inline.value);
      case 'b':
        return this.value === '' ? '' : this.value === '1' ? 'TRUE' : 'FALSE';
      case 'n':
        return (this.book.dateStyles[this.style] && serialToText(this.value, this.book.is1904)) || this.value;
      default:
        return unescapeText(this.value);
    }
  }

  private sharedString(): string {
    const index = /^\d{1,9}$/.test(this.value) ? Number(this.value) : -1;
    const text = this.value === '' ? '' : this.book.strings[index];
    if (text === undefined) throw this.refuse('damaged', 'points to a text that is not there');
    return text;
  }

  private refuse(reason: WorkbookRefused['reason'], what: string): WorkbookRefused {
    const cell = `${columnName(Math.max(0, this.column))}${this.row}`;
    return new WorkbookRefused(reason, `Sheet "${this.sheet}": cell ${cell} ${what}.`);
  }
}
