import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import { unavailable } from '../platform/errors/platform.errors.js';
import type { SheetSummary } from './workbook/read-workbook.js';
import { WorkbookRefused } from './workbook/workbook-refused.js';
import type { RowChunk, WorkerMessage } from './workbook/workbook-worker.js';

/** Files that may wait for a free thread. */
const MAX_WAITING = 20;
const MAX_YOUNG_MIB = 32;

/** Beside this file as it is built; a test runs the TypeScript, but a thread needs JavaScript. */
const WORKER = fileURLToPath(new URL('./workbook/workbook-worker.js', import.meta.url)).replace(
  `${sep}src${sep}imports${sep}`,
  `${sep}dist${sep}imports${sep}`,
);

/** Reads workbooks in threads of their own, with a cap on memory and time; what goes past it is ended. */
@Injectable()
export class WorkbookParser implements OnModuleDestroy {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private readonly workers = new Set<Worker>();

  constructor(private readonly config: Config) {}

  /**
   * Reads a workbook to its end.
   * @param store keeps a chunk of rows; the thread waits for it.
   * @throws WorkbookRefused; UNAVAILABLE when too many files wait; what `store` throws.
   */
  async parse(file: Buffer, store: (chunk: RowChunk) => Promise<void>): Promise<SheetSummary[]> {
    await this.take();
    try {
      return await this.run(file, store);
    } finally {
      this.giveBack();
    }
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all([...this.workers].map((worker) => worker.terminate()));
  }

  private async run(file: Buffer, store: (chunk: RowChunk) => Promise<void>): Promise<SheetSummary[]> {
    const { timeoutSeconds, memoryMiB, ...limits } = this.config.imports;
    const worker = new Worker(WORKER, {
      workerData: { file, limits },
      resourceLimits: { maxOldGenerationSizeMb: memoryMiB, maxYoungGenerationSizeMb: MAX_YOUNG_MIB },
      // No secret of the process, no option that changes how the file runs.
      env: {},
      execArgv: [],
    });
    this.workers.add(worker);
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<SheetSummary[]>((resolve, reject) => {
        const giveUp = (): void =>
          reject(
            new WorkbookRefused(
              'takes_too_long',
              `Reading the workbook takes longer than ${timeoutSeconds} s.`,
            ),
          );
        timer = setTimeout(giveUp, timeoutSeconds * 1000);
        const handle = async (message: WorkerMessage): Promise<void> => {
          if (message.kind === 'refused') throw new WorkbookRefused(message.reason, message.message);
          if (message.kind === 'done') resolve(message.sheets);
          else {
            await store(message.chunk);
            // Any answer will do.
            // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
            worker.postMessage(null);
          }
        };
        // One after the other, and the end only after the last one was stored.
        let last = Promise.resolve();
        worker.on('message', (message: WorkerMessage) => {
          last = last.then(async () => handle(message));
          last.catch(reject);
        });
        worker.on('error', (error: NodeJS.ErrnoException) =>
          reject(
            error.code === 'ERR_WORKER_OUT_OF_MEMORY'
              ? new WorkbookRefused('needs_too_much_memory', 'Reading the workbook needs too much memory.')
              : error,
          ),
        );
        worker.on('exit', () => {
          void last.finally(() => reject(unavailable({ retryAfterSeconds: 5 }))).catch(() => undefined);
        });
      });
    } finally {
      clearTimeout(timer);
      await worker.terminate();
      this.workers.delete(worker);
    }
  }

  private async take(): Promise<void> {
    if (this.running < this.config.imports.concurrency) {
      this.running += 1;
      return;
    }
    if (this.waiting.length >= MAX_WAITING) throw unavailable({ retryAfterSeconds: 10 });
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** The place goes to the next one that waits. */
  private giveBack(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.running -= 1;
    else next();
  }
}
