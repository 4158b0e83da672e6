import type { WorkbookLimits } from '../../platform/config/config.js';
import { columnName, columnOf, unescapeText } from './cell-values.js';
import { serialToText, type FormatKind } from './number-formats.js';
import { RichText } from './rich-text.js';
import type { LongText } from './row-packing.js';
import { damaged, WorkbookRefused } from './workbook-refused.js';
import type { Attributes } from './xml.js';

/** A text that cells point to; whoever packs it notes here where it is kept. */
export class SharedText {
  longText: LongText | undefined;
  chunk = -1;
  number = 0;

  constructor(readonly text: string) {}
}

/** A row with at least one cell that is not empty: those cells alone, however far apart they are. */
export interface WorkbookRow {
  /** As the workbook numbers it, from 1. */
  readonly row: number;
  /** 0, 1, 2 …, ascending. */
  readonly columns: readonly number[];
  /** One for each of the columns, not empty. */
  readonly texts: readonly (string | SharedText)[];
}

/** What the cells of every sheet of a workbook refer to. */
export interface CellContext {
  readonly limits: WorkbookLimits;
  readonly strings: readonly SharedText[];
  /** For each cell style, how it shows numbers. */
  readonly formats: readonly FormatKind[];
  readonly is1904: boolean;
  /** Cells with a text read so far, in all sheets together. */
  cells: number;
  /** Their characters. */
  characters: number;
}

const MI = 1024 * 1024;

/** Follows `<row>`, `<c>`, `<v>`, `<f>` and `<is>` of one sheet. */
export class SheetReader {
  lastRow = 0;
  columns = 0;
  private row = 0;
  /** The same, as references write it. */
  private rowText = '';
  private isInRow = false;
  private cellColumns: number[] = [];
  private texts: (string | SharedText)[] = [];
  private column = -1;
  private type = '';
  private style = -1;
  private value = '';
  private formula = '';
  private readonly inline = new RichText();
  private inside: 'v' | 'f' | 'is' | null = null;

  constructor(
    private readonly book: CellContext,
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
    const row = reference === undefined ? this.row + 1 : /^\d{1,9}$/.test(reference) ? Number(reference) : 0;
    if (row <= this.row) throw damaged(`the rows of sheet "${this.sheet}" are out of order`);
    if (this.isInRow) throw damaged(`row ${row} of sheet "${this.sheet}" stands inside another one`);
    this.isInRow = true;
    this.row = row;
    this.rowText = String(row);
    this.cellColumns = [];
    this.texts = [];
    this.column = -1;
  }

  private beginCell(attributes: Attributes): void {
    const reference = attributes['r'];
    if (!this.isInRow) throw damaged(`a cell of sheet "${this.sheet}" stands in no row`);
    const column = reference === undefined ? this.column + 1 : columnOf(reference, this.rowText);
    if (column === -1)
      throw damaged(
        `in row ${this.row} of sheet "${this.sheet}" stands a cell that calls itself "${reference!.slice(0, 20)}"`,
      );
    if (column <= this.column)
      throw damaged(`the cells of sheet "${this.sheet}", row ${this.row}, are out of order`);
    this.column = column;
    this.type = attributes['t'] ?? 'n';
    this.style = attributes['s'] === undefined ? -1 : Number(attributes['s']);
    this.value = '';
    this.formula = '';
    this.inline.clear();
  }

  private endCell(): void {
    this.inside = null;
    const text = this.textOfCell();
    const { length } = typeof text === 'string' ? text : text.text;
    // A cell that is only painted, and a row without cells, are not there: many programs paint up to the last one.
    if (length === 0) return;
    this.assertRoom();
    this.book.characters += length;
    if (this.book.characters > this.book.limits.textMi * MI)
      throw this.refuse(
        'too_much_text',
        `is where the text of all cells passes ${this.book.limits.textMi} MiB`,
      );
    this.cellColumns.push(this.column);
    this.texts.push(text);
  }

  private assertRoom(): void {
    const { rows, columns, cells } = this.book.limits;
    if (this.row > rows)
      throw new WorkbookRefused('too_many_rows', `Sheet "${this.sheet}" has more than ${rows} rows.`);
    if (this.column >= columns) throw this.refuse('too_many_columns', `is behind column ${columns}`);
    this.book.cells += 1;
    if (this.book.cells > cells)
      throw this.refuse('too_many_cells', `is one too many: ${cells} are read at most`);
  }

  private endRow(): void {
    this.isInRow = false;
    if (this.texts.length === 0) return;
    this.lastRow = this.row;
    this.columns = Math.max(this.columns, this.cellColumns.at(-1)! + 1);
    this.onRow({ row: this.row, columns: this.cellColumns, texts: this.texts });
    this.cellColumns = [];
    this.texts = [];
  }

  /** A cell that only shares a formula of another one has no text of its own: its last value is what it shows. */
  private textOfCell(): string | SharedText {
    if (this.formula !== '') return `=${this.formula}`;
    switch (this.type) {
      case 's':
        return this.sharedString();
      case 'inlineStr':
        return unescapeText(this.inline.value);
      case 'b':
        return this.value === '' ? '' : /^(1|true)$/i.test(this.value) ? 'TRUE' : 'FALSE';
      case 'n':
        return this.number();
      default:
        return unescapeText(this.value);
    }
  }

  private number(): string {
    const kind = this.book.formats[this.style] ?? 'number';
    return (kind === 'number' ? null : serialToText(this.value, kind, this.book.is1904)) ?? this.value;
  }

  /** A text that is not there is none, as other programs show it. */
  private sharedString(): string | SharedText {
    if (this.value === '') return '';
    const index = /^\d{1,9}$/.test(this.value) ? Number(this.value) : -1;
    return this.book.strings[index] ?? '';
  }

  private refuse(reason: WorkbookRefused['reason'], what: string): WorkbookRefused {
    const cell = `${columnName(Math.max(0, this.column))}${this.row}`;
    return new WorkbookRefused(reason, `Sheet "${this.sheet}": cell ${cell} ${what}.`);
  }
}
