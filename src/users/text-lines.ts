import { createReadStream } from 'node:fs';
import { isUtf8 } from 'node:buffer';
import { OperatorError } from '../platform/errors/operator-error.js';

/** One line of a text file, without its end. */
export interface TextLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

/** A line of people is a few hundred bytes; one that never ends is another kind of file. */
const MAX_LINE_BYTES = 64 * 1024;
const LINE_FEED = 0x0a;

/** How files begin that are often given a name ending in .csv, and what to do about them. */
const OTHER_KINDS: readonly (readonly [Buffer, string])[] = [
  [Buffer.from('PK\x03\x04'), 'a workbook or an archive; save it as CSV UTF-8 instead of renaming it'],
  [Buffer.from('d0cf11e0', 'hex'), 'an old workbook (.xls); save it as CSV UTF-8 instead of renaming it'],
  [Buffer.from('1f8b', 'hex'), 'compressed; unpack it first'],
  [Buffer.from('fffe', 'hex'), 'UTF-16; save it as UTF-8'],
  [Buffer.from('feff', 'hex'), 'UTF-16; save it as UTF-8'],
];

/**
 * The lines of a UTF-8 file, one after the other, however long the file; a byte order mark is left out.
 * @throws OperatorError with the number of the line, for bytes that are not UTF-8 (which every decoder would replace
 * without a word), NUL, U+FFFD (text that was damaged before) and lines without end.
 */
export async function* readTextLines(file: string): AsyncGenerator<TextLine> {
  let number = 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    if (number === 0 && rest.length === 0) refuseOtherKinds(chunk);
    let open = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = open.indexOf(LINE_FEED); end !== -1; end = open.indexOf(LINE_FEED)) {
      number += 1;
      yield { number, text: decode(open.subarray(0, end), number) };
      open = open.subarray(end + 1);
    }
    if (open.length > MAX_LINE_BYTES) throw new OperatorError(`Line ${number + 1} has no end within 64 KiB.`);
    rest = open;
  }
  if (rest.length > 0) yield { number: number + 1, text: decode(rest, number + 1) };
}

function refuseOtherKinds(head: Buffer): void {
  for (const [magic, kind] of OTHER_KINDS)
    if (head.subarray(0, magic.length).equals(magic)) throw new OperatorError(`Line 1: the file is ${kind}.`);
}

function decode(bytes: Buffer, number: number): string {
  if (bytes.length > MAX_LINE_BYTES) throw new OperatorError(`Line ${number} is longer than 64 KiB.`);
  if (!isUtf8(bytes))
    throw new OperatorError(
      `Line ${number} is not UTF-8 (perhaps Latin-1 or Windows-1252): save the file as UTF-8. Nothing was imported.`,
    );
  const text = bytes.toString('utf8').replace(/\r$/, '');
  if (text.includes('\0')) throw new OperatorError(`Line ${number} holds NUL: the file is no text.`);
  if (text.includes('\uFFFD'))
    throw new OperatorError(
      `Line ${number} holds U+FFFD, which stands for a letter that was lost when the file was made. Nothing was imported.`,
    );
  return number === 1 ? text.replace(/^\uFEFF/, '') : text;
}
