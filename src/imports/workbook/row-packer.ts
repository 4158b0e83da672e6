import { createHash } from 'node:crypto';
import {
  LONG,
  pack,
  REPEATABLE,
  storedSize,
  type LongText,
  type PackedCell,
  type PackedRow,
} from './row-packing.js';
import { SharedText, type WorkbookRow } from './sheet-reader.js';
import { WorkbookRefused } from './workbook-refused.js';

/** Consecutive rows of a sheet, packed. */
export interface RowChunk {
  readonly sheet: number;
  readonly firstRow: number;
  readonly lastRow: number;
  readonly rows: string;
}

/** Long texts of a workbook, packed. */
export interface TextBlock {
  readonly block: number;
  readonly content: string;
}

/** Characters of one chunk or block, about: what is read, and encrypted, at once. */
const CHUNK_CHARACTERS = 64 * 1024;
const BLOCK_CHARACTERS = 48 * 1024;
const MIB = 1024 * 1024;

/** Packs rows as they are read, each text once, and counts what they will take in the database. */
export class RowPacker {
  /** Of everything packed so far, encrypted. */
  storedBytes = 0;
  private sheet = 0;
  private rows: PackedRow[] = [];
  private characters = 0;
  /** Number of this chunk, for texts that know where they were seen last. */
  private chunk = 0;
  private readonly numbers = new Map<string, number>();
  private nextNumber = 0;
  private texts: string[] = [];
  private textCharacters = 0;
  private block = 0;
  /** By digest: the texts themselves may be larger than the memory. */
  private readonly longTexts = new Map<string, LongText>();

  constructor(
    private readonly maxStoredMiB: number,
    private readonly onChunk: (chunk: RowChunk) => void,
    private readonly onTexts: (block: TextBlock) => void,
  ) {}

  /** @throws WorkbookRefused when it becomes too much. */
  add(sheet: number, { row, columns, texts }: WorkbookRow): void {
    if (sheet !== this.sheet) this.endChunk();
    this.sheet = sheet;
    const packed: PackedRow = [row];
    let next = 0;
    for (let index = 0; index < columns.length; index += 1) {
      const column = columns[index]!;
      if (column > next) packed.push(next - column);
      packed.push(this.packText(texts[index]!));
      next = column + 1;
    }
    this.characters += 8 + packed.length;
    this.rows.push(packed);
    if (this.characters >= CHUNK_CHARACTERS) this.endChunk();
  }

  /** Gives away what is left. */
  end(): void {
    this.endChunk();
    this.endBlock();
  }

  private packText(cell: string | SharedText): PackedCell {
    if (typeof cell === 'string') {
      if (cell.length >= LONG) return this.packLong(cell);
      const known = this.numbers.get(cell);
      if (known !== undefined) return this.repeat(known);
      if (cell.length >= REPEATABLE) this.numbers.set(cell, this.nextNumber);
      return this.packNew(cell);
    }
    const { text } = cell;
    if (text.length >= LONG) {
      this.characters += 16;
      return (cell.longText ??= this.packLong(text));
    }
    if (cell.chunk === this.chunk) return this.repeat(cell.number);
    if (text.length >= REPEATABLE) {
      cell.chunk = this.chunk;
      cell.number = this.nextNumber;
    }
    return this.packNew(text);
  }

  private repeat(number: number): number {
    this.characters += 5;
    return number;
  }

  private packNew(text: string): string {
    if (text.length >= REPEATABLE) this.nextNumber += 1;
    this.characters += text.length + 2;
    return text;
  }

  private packLong(text: string): LongText {
    this.characters += 16;
    const digest = createHash('sha256').update(text).digest('base64');
    const known = this.longTexts.get(digest);
    if (known !== undefined) return known;
    const packed: LongText = [this.block, this.texts.length, Buffer.byteLength(JSON.stringify(text))];
    this.longTexts.set(digest, packed);
    this.texts.push(text);
    this.textCharacters += text.length;
    if (this.textCharacters >= BLOCK_CHARACTERS) this.endBlock();
    return packed;
  }

  private endChunk(): void {
    const [first, last] = [this.rows[0], this.rows.at(-1)];
    if (first === undefined || last === undefined) return;
    const rows = pack(this.rows);
    this.count(rows);
    this.onChunk({ sheet: this.sheet, firstRow: first[0], lastRow: last[0], rows });
    this.rows = [];
    this.characters = 0;
    this.chunk += 1;
    this.numbers.clear();
    this.nextNumber = 0;
  }

  private endBlock(): void {
    if (this.texts.length === 0) return;
    const content = pack(this.texts);
    this.count(content);
    this.onTexts({ block: this.block, content });
    this.texts = [];
    this.textCharacters = 0;
    this.block += 1;
  }

  private count(packed: string): void {
    this.storedBytes += storedSize(packed.length);
    if (this.storedBytes > this.maxStoredMiB * MIB)
      throw new WorkbookRefused(
        'too_much_to_store',
        `The rows of the workbook take more than ${this.maxStoredMiB} MiB to keep.`,
      );
  }
}
