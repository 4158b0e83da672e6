import { Presets, SingleBar } from 'cli-progress';

/** A progress bar on standard error, for people only: nothing where there is no terminal. */
export class Progress {
  private readonly bar: SingleBar | null;

  /** @param what rows or files, in words. @param total how many. */
  constructor(what: string, total: number, stream: NodeJS.WriteStream = process.stderr) {
    this.bar = stream.isTTY
      ? new SingleBar(
          {
            stream,
            format: `${what} {bar} {percentage} % | {value}/{total} | {rate}/s | {eta_formatted} left`,
            etaBuffer: 50,
            hideCursor: true,
          },
          Presets.rect,
        )
      : null;
    this.startedAt = performance.now();
    this.bar?.start(total, 0, { rate: 0 });
  }

  private readonly startedAt: number;
  private done = 0;

  add(count: number): void {
    this.done += count;
    const seconds = Math.max(0.001, (performance.now() - this.startedAt) / 1000);
    this.bar?.update(this.done, { rate: Math.round(this.done / seconds) });
  }

  stop(): void {
    this.bar?.stop();
  }
}

/** One bar after the other for work of several steps; `report` takes how far a step has come, and of how much. */
export class StepBars {
  private bar: { readonly step: string; readonly progress: Progress; done: number } | null = null;

  readonly report = (step: string, done: number, total: number): void => {
    if (this.bar?.step !== step) {
      this.bar?.progress.stop();
      this.bar = { step, progress: new Progress(step, total), done: 0 };
    }
    this.bar.progress.add(done - this.bar.done);
    this.bar.done = done;
  };

  stop(): void {
    this.bar?.progress.stop();
    this.bar = null;
  }
}
