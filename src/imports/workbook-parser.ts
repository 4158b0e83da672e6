import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import { unavailable } from '../platform/errors/platform.errors.js';
import type { SheetSummary } from './workbook/read-workbook.js';
import type { RowChunk, TextBlock } from './workbook/row-packer.js';
import { WorkbookRefused } from './workbook/workbook-refused.js';
import type { WorkerMessage } from './workbook/workbook-worker.js';

/** Files that may wait for a free thread. */
const MAX_WAITING = 20;
const MAX_YOUNG_MIB = 32;

/** Beside this file as it is built; a test runs the TypeScript, but a thread needs JavaScript. */
const WORKER = fileURLToPath(new URL('./workbook/workbook-worker.js', import.meta.url)).replace(
  `${sep}src${sep}imports${sep}`,
  `${sep}dist${sep}imports${sep}`,
);

/** A workbook that was judged from its first byte to its last, packed to be kept. */
export interface ParsedWorkbook {
  readonly sheets: SheetSummary[];
  readonly chunks: RowChunk[];
  readonly texts: TextBlock[];
  /** What chunks and texts will take in the database. */
  readonly storedBytes: number;
}

/** Reads workbooks in threads of their own, with a cap on memory and time; what goes past it is ended. */
@Injectable()
export class WorkbookParser implements OnModuleDestroy {
  private running = 0;
  private isEnding = false;
  private readonly waiting: ((isOver: boolean) => void)[] = [];
  private readonly workers = new Set<Worker>();

  constructor(private readonly config: Config) {}

  /**
   * Reads a workbook to its end, then has it kept.
   * @param keep called once, with the whole of a workbook that is not refused; its place is free again when it settles.
   * @throws WorkbookRefused; UNAVAILABLE when too many files wait, or at the end of the process; what `keep` throws.
   */
  async parse(file: Buffer, keep: (workbook: ParsedWorkbook) => Promise<void>): Promise<void> {
    await this.take();
    try {
      await keep(await this.run(file));
    } finally {
      this.giveBack();
    }
  }

  async onModuleDestroy(): Promise<void> {
    this.isEnding = true;
    for (const wake of this.waiting.splice(0)) wake(true);
    await Promise.all([...this.workers].map((worker) => worker.terminate()));
  }

  private async run(file: Buffer): Promise<ParsedWorkbook> {
    const { timeoutSeconds, memoryMiB, concurrency: _, quotaBytes: __, ...limits } = this.config.imports;
    const worker = new Worker(WORKER, {
      workerData: { file, limits },
      resourceLimits: { maxOldGenerationSizeMb: memoryMiB, maxYoungGenerationSizeMb: MAX_YOUNG_MIB },
      // No secret of the process, no option that changes how the file runs.
      env: {},
      execArgv: [],
    });
    this.workers.add(worker);
    const chunks: RowChunk[] = [];
    const texts: TextBlock[] = [];
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<ParsedWorkbook>((resolve, reject) => {
        const giveUp = (): void =>
          reject(
            new WorkbookRefused(
              'takes_too_long',
              `Reading the workbook takes longer than ${timeoutSeconds} s.`,
            ),
          );
        timer = setTimeout(giveUp, timeoutSeconds * 1000);
        worker.on('message', (message: WorkerMessage) => {
          if (message.kind === 'chunk') chunks.push(message.chunk);
          else if (message.kind === 'texts') texts.push(message.texts);
          else if (message.kind === 'refused') reject(new WorkbookRefused(message.reason, message.message));
          else resolve({ sheets: message.sheets, storedBytes: message.storedBytes, chunks, texts });
        });
        worker.on('error', (error: NodeJS.ErrnoException) =>
          reject(
            error.code === 'ERR_WORKER_OUT_OF_MEMORY'
              ? new WorkbookRefused('needs_too_much_memory', 'Reading the workbook needs too much memory.')
              : error,
          ),
        );
        // After its last message, unless it was ended.
        worker.on('exit', () => reject(unavailable({ retryAfterSeconds: 5 })));
      });
    } finally {
      clearTimeout(timer);
      await worker.terminate();
      this.workers.delete(worker);
    }
  }

  private async take(): Promise<void> {
    if (this.isEnding) throw unavailable({ retryAfterSeconds: 5 });
    if (this.running < this.config.imports.concurrency) {
      this.running += 1;
      return;
    }
    if (this.waiting.length >= MAX_WAITING) throw unavailable({ retryAfterSeconds: 10 });
    const isOver = await new Promise<boolean>((resolve) => this.waiting.push(resolve));
    if (isOver) throw unavailable({ retryAfterSeconds: 5 });
  }

  /** The place goes to the next one that waits. */
  private giveBack(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.running -= 1;
    else next(false);
  }
}
