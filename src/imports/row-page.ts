import type { LongText } from './workbook/row-packing.js';

/** Bytes of a page as JSON, about: however large rows are, an answer stays small. */
const PAGE_BYTES = 2 * 1024 * 1024;
/** What a row adds around its cells, its sheet's name included. */
const ROW_BYTES = 512;

/** A row of a page, or as much of it as had room. */
export interface PageRow {
  readonly sheet: number;
  readonly row: number;
  /** 0, unless the row began on the page before. */
  readonly firstColumn: number;
  readonly cells: readonly (string | LongText)[];
}

/**
 * Collects rows until there are enough of them, or enough bytes. A row that is larger than a page by itself is cut
 * between two cells and goes on in the next page.
 */
export class RowPage {
  readonly rows: PageRow[] = [];
  endedEarly = false;
  private bytes = 0;
  private isFull = false;
  /** Column from which on the last row goes on in the next page. */
  private cutAt: number | undefined;

  constructor(private readonly limit: number) {}

  /**
   * @param from first column to be shown.
   * @returns whether there is room for more.
   */
  add(sheet: number, row: number, cells: readonly (string | LongText)[], from: number): boolean {
    if (this.rows.length >= this.limit) {
      this.isFull = true;
      return false;
    }
    let bytes = this.bytes + ROW_BYTES;
    let end = from;
    while (end < cells.length) {
      bytes += sizeOf(cells[end]!) + 1;
      // A page always has something, or it would never end.
      if (bytes > PAGE_BYTES && (this.rows.length > 0 || end > from)) break;
      end += 1;
    }
    if (end < cells.length) {
      this.isFull = true;
      this.endedEarly = true;
      if (this.rows.length > 0) return false;
      this.cutAt = end;
    }
    this.rows.push({ sheet, row, firstColumn: from, cells: cells.slice(from, end) });
    this.bytes = bytes;
    return !this.isFull;
  }

  /** The rows, and one more when others follow: what `toPage` expects. */
  rowsAndNext(): PageRow[] {
    return this.isFull ? [...this.rows, this.rows.at(-1)!] : this.rows;
  }

  /** Where the next page begins: sheet, and row or `row+column`. */
  nextPlace(): string[] {
    const { sheet, row } = this.rows.at(-1)!;
    return [String(sheet), this.cutAt === undefined ? String(row) : `${row}+${this.cutAt}`];
  }

  /** Which texts of which blocks the page shows. */
  longTextBlocks(): Map<number, Set<number>> {
    const blocks = new Map<number, Set<number>>();
    for (const { cells } of this.rows)
      for (const cell of cells) {
        if (typeof cell === 'string') continue;
        const [block, index] = cell;
        const wanted = blocks.get(block);
        if (wanted === undefined) blocks.set(block, new Set([index]));
        else wanted.add(index);
      }
    return blocks;
  }
}

/** Bytes of a cell as JSON in UTF-8. */
function sizeOf(cell: string | LongText): number {
  if (typeof cell !== 'string') return cell[2];
  return cell === '' ? 2 : Buffer.byteLength(JSON.stringify(cell));
}
