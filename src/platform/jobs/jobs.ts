import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Database } from '../database/database.js';

/** Work that comes back. */
export interface Job {
  /** For people and for the lock, for example `retention login_attempts`. */
  readonly name: string;
  /** Pause between the end of one run and the start of the next. */
  readonly everySeconds: number;
  /** Whether the first run comes with the start instead of after the first pause. */
  readonly runsAtStart?: boolean;
  /** Must stop soon when `stop` is aborted, and may be killed at any moment. */
  run(stop: AbortSignal): Promise<void>;
}

/** Runs jobs on a timer, each in one instance at a time. Only a server starts the timers; tests and commands run by hand. */
@Injectable()
export class Jobs implements OnModuleDestroy {
  private readonly logger = new Logger(Jobs.name);
  private readonly jobs = new Map<string, Job>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly running = new Set<Promise<unknown>>();
  private readonly stop = new AbortController();

  constructor(private readonly database: Database) {}

  /** @throws Error when the name is taken. */
  add(job: Job): void {
    if (this.jobs.has(job.name)) throw new Error(`there is a job "${job.name}" already`);
    this.jobs.set(job.name, job);
  }

  /** Names of all jobs. */
  get names(): string[] {
    return [...this.jobs.keys()];
  }

  /** Starts the timers. */
  start(): void {
    for (const job of this.jobs.values()) this.schedule(job, job.runsAtStart === true ? 0 : undefined);
  }

  /**
   * Runs a job now. @returns false when another instance is at it.
   * @throws Error when there is no such job; what the job throws.
   */
  async runNow(name: string): Promise<boolean> {
    const job = this.jobs.get(name);
    if (job === undefined) throw new Error(`there is no job "${name}"`);
    const run = this.database.exclusively(name, () => job.run(this.stop.signal));
    this.running.add(run);
    return run.finally(() => this.running.delete(run));
  }

  async onModuleDestroy(): Promise<void> {
    this.stop.abort();
    for (const timer of this.timers.values()) clearTimeout(timer);
    await Promise.allSettled(this.running);
  }

  private schedule(job: Job, afterSeconds = job.everySeconds): void {
    if (this.stop.signal.aborted) return;
    const timer = setTimeout(() => {
      this.runNow(job.name)
        .catch((error: unknown) => this.logger.error(`the job "${job.name}" failed`, error))
        .finally(() => this.schedule(job));
    }, afterSeconds * 1000);
    this.timers.set(job.name, timer.unref());
  }
}
