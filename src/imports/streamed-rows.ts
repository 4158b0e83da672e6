import { Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';
import type { Page } from '../platform/http/page.js';
import type { ImportRowView } from './import-view.js';

/** Characters of one piece of an answer, about. */
const PIECE = 64 * 1024;

/** A page as JSON, written piece by piece as its reader takes it: one long text in a thousand cells stays one text. */
export function streamRows(page: Page<ImportRowView>): StreamableFile {
  // Bytes, not objects: the stream waits for a slow reader after some of them.
  const pieces = Readable.from(gathered(jsonOf(page)), { objectMode: false, highWaterMark: PIECE });
  return new StreamableFile(pieces, { type: 'application/json; charset=utf-8' });
}

function* jsonOf({ items, ...rest }: Page<ImportRowView>): Generator<string> {
  yield '{"items":[';
  let isFirst = true;
  for (const { cells, ...row } of items) {
    yield `${isFirst ? '' : ','}${JSON.stringify(row).slice(0, -1)},"cells":[`;
    isFirst = false;
    for (let column = 0; column < cells.length; column += 1)
      yield `${column === 0 ? '' : ','}${JSON.stringify(cells[column])}`;
    yield ']}';
  }
  yield `],${JSON.stringify(rest).slice(1)}`;
}

function* gathered(texts: Iterable<string>): Generator<Buffer> {
  let piece = '';
  for (const text of texts) {
    piece += text;
    if (piece.length < PIECE) continue;
    yield Buffer.from(piece);
    piece = '';
  }
  if (piece !== '') yield Buffer.from(piece);
}
