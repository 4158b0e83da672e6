import { deflateRawSync, inflateRawSync } from 'node:zlib';

/**
 * How rows and long texts are kept, before they are encrypted:
 *
 *   base64( deflate( JSON ) )
 *
 * The JSON of rows is a list of `[row number, cell, cell …]` from column A on, where a cell is
 * - a text: the text of the next column. Texts of at least `REPEATABLE` characters are numbered 0, 1, 2 … in this order;
 * - a number from 0 on: the text with that number once more;
 * - a negative number −n: n empty columns;
 * - `[block, index, bytes]`: a long text (`LONG`), kept once for the whole workbook; `bytes` is its size as JSON in UTF-8.
 *
 * The JSON of a block of long texts is a list of texts. What version 0.1 kept is plain JSON, a list of
 * `[row number, [texts]]`: it begins with `[`, which base64 never does.
 */
export type PackedCell = string | number | LongText;
export type PackedRow = [row: number, ...cells: PackedCell[]];

/** A text in a block of its own: which block, which of its texts, and its size as JSON in UTF-8. */
export type LongText = readonly [block: number, index: number, bytes: number];

/** Characters from which on a text is worth a number. */
export const REPEATABLE = 4;
/** Characters from which on a text is kept apart. */
export const LONG = 1024;

/** A row with all its columns, empty ones in between included. */
export interface UnpackedRow {
  readonly row: number;
  readonly cells: readonly (string | LongText)[];
}

/** What we packed ourselves is never larger: a chunk, and the widest row. */
const MAX_UNPACKED_BYTES = 128 * 1024 * 1024;

/** @returns ASCII. */
export function pack(value: readonly PackedRow[] | readonly string[]): string {
  // The fastest level: what repeats is gone already.
  return deflateRawSync(JSON.stringify(value), { level: 1 }).toString('base64');
}

/** Rows in their order, those that version 0.1 kept too. */
export function* unpackRows(packed: string): Generator<UnpackedRow> {
  if (packed.startsWith('[')) {
    for (const [row, cells] of JSON.parse(packed) as [number, string[]][]) yield { row, cells };
    return;
  }
  const numbered: string[] = [];
  for (const [row, ...packedCells] of unpack(packed) as PackedRow[]) {
    const cells: (string | LongText)[] = [];
    for (const cell of packedCells) {
      if (typeof cell === 'string') {
        if (cell.length >= REPEATABLE) numbered.push(cell);
        cells.push(cell);
      } else if (typeof cell !== 'number') cells.push(cell);
      else if (cell >= 0) cells.push(numbered[cell]!);
      else for (let left = -cell; left > 0; left -= 1) cells.push('');
    }
    yield { row, cells };
  }
}

/** The texts of a block. */
export function unpackTexts(packed: string): string[] {
  return unpack(packed) as string[];
}

function unpack(packed: string): unknown {
  const bytes = inflateRawSync(Buffer.from(packed, 'base64'), { maxOutputLength: MAX_UNPACKED_BYTES });
  return JSON.parse(bytes.toString('utf8'));
}

/** Bytes of an envelope beyond its ciphertext: version, key id, nonce, tag (`platform/crypto/field-cipher.ts`). */
const ENVELOPE_BYTES = 24;
const NONCE_AND_TAG_BYTES = 28;

/** What ASCII text of this length takes in the database, encrypted. */
export function storedSize(characters: number): number {
  return ENVELOPE_BYTES + Math.ceil(((characters + NONCE_AND_TAG_BYTES) * 4) / 3);
}
