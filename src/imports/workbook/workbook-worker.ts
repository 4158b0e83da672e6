// Reads one workbook in a thread of its own, which may be ended at any moment. Nothing of the application runs here.
import { parentPort, workerData } from 'node:worker_threads';
import type { WorkbookLimits } from '../../platform/config/config.js';
import { readWorkbook, type SheetSummary } from './read-workbook.js';
import { RowPacker, type RowChunk, type TextBlock } from './row-packer.js';
import { WorkbookRefused, type RefusalReason } from './workbook-refused.js';

/** What the thread says: pieces of the workbook, and last whether it is to be kept. */
export type WorkerMessage =
  | { readonly kind: 'chunk'; readonly chunk: RowChunk }
  | { readonly kind: 'texts'; readonly texts: TextBlock }
  | { readonly kind: 'done'; readonly sheets: SheetSummary[]; readonly storedBytes: number }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly message: string };

const port = parentPort!;
const { file, limits } = workerData as { file: Uint8Array; limits: WorkbookLimits };
const send = (message: WorkerMessage): void => port.postMessage(message);

try {
  const packer = new RowPacker(
    limits.storedMiB,
    (chunk) => send({ kind: 'chunk', chunk }),
    (texts) => send({ kind: 'texts', texts }),
  );
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const sheets = await readWorkbook(bytes, limits, (sheet, row) => packer.add(sheet, row));
  packer.end();
  send({ kind: 'done', sheets, storedBytes: packer.storedBytes });
} catch (error) {
  if (!(error instanceof WorkbookRefused)) throw error;
  send({ kind: 'refused', reason: error.reason, message: error.message });
}
port.close();
