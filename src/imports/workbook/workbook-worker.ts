// Reads one workbook in a thread of its own, which may be ended at any moment. Nothing of the application runs here.
import { parentPort, workerData } from 'node:worker_threads';
import type { WorkbookLimits } from '../../platform/config/config.js';
import { readWorkbook, type SheetSummary } from './read-workbook.js';
import type { WorkbookRow } from './sheet-reader.js';
import { WorkbookRefused, type RefusalReason } from './workbook-refused.js';

/** Consecutive rows of a sheet. */
export interface RowChunk {
  readonly sheet: number;
  readonly firstRow: number;
  readonly lastRow: number;
  /** JSON: a list of `[row, [cells]]`. */
  readonly rows: string;
}

/** What the thread says. Each chunk is answered with any message, once it has been stored. */
export type WorkerMessage =
  | { readonly kind: 'chunk'; readonly chunk: RowChunk }
  | { readonly kind: 'done'; readonly sheets: SheetSummary[] }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly message: string };

/** Rows and characters of one chunk, about. */
const CHUNK_ROWS = 200;
const CHUNK_CHARACTERS = 48 * 1024;
/** Chunks that may be under way before reading waits. */
const MAX_UNDER_WAY = 8;

const port = parentPort!;
const { file, limits } = workerData as { file: Uint8Array; limits: WorkbookLimits };

let underWay = 0;
let goOn: (() => void) | undefined;
port.on('message', () => {
  underWay -= 1;
  goOn?.();
});
const pause = (): Promise<void> | undefined => {
  if (underWay < MAX_UNDER_WAY) return undefined;
  return new Promise((resolve) => {
    goOn = () => {
      if (underWay < MAX_UNDER_WAY) resolve();
    };
  });
};

let sheet = 0;
let rows: WorkbookRow[] = [];
let characters = 0;
const send = (message: WorkerMessage): void => port.postMessage(message);
const flush = (): void => {
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) return;
  underWay += 1;
  send({ kind: 'chunk', chunk: { sheet, firstRow: first[0], lastRow: last[0], rows: JSON.stringify(rows) } });
  rows = [];
  characters = 0;
};

try {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const sheets = await readWorkbook(
    bytes,
    limits,
    (index, row) => {
      if (index !== sheet) flush();
      sheet = index;
      rows.push(row);
      for (const cell of row[1]) characters += cell.length + 3;
      if (rows.length >= CHUNK_ROWS || characters >= CHUNK_CHARACTERS) flush();
    },
    pause,
  );
  flush();
  send({ kind: 'done', sheets });
} catch (error) {
  if (!(error instanceof WorkbookRefused)) throw error;
  send({ kind: 'refused', reason: error.reason, message: error.message });
}
port.close();
