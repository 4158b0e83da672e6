import { unavailable } from '../errors/platform.errors.js';

interface Waiter {
  readonly enter: () => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Lets a bounded number of costly jobs run at once; the surplus waits its turn briefly and is then refused, so that a
 * flood of logins costs its senders time instead of costing everybody memory (ASVS V15.2.2).
 */
export class HashGate {
  private running = 0;
  private readonly queue = new Set<Waiter>();

  /**
   * @param concurrency jobs at once.
   * @param maxWaiting jobs that may wait; the next one is refused at once.
   * @param maxWaitSeconds how long one may wait.
   */
  constructor(
    private readonly concurrency: number,
    private readonly maxWaiting = 500,
    private readonly maxWaitSeconds = 15,
  ) {}

  /** Told how long each job waited, in seconds. */
  onWait: (seconds: number) => void = () => undefined;

  /** Jobs that wait now. */
  get waiting(): number {
    return this.queue.size;
  }

  /** Runs `job` when its turn comes. @throws UNAVAILABLE with `retryAfterSeconds` when it does not come in time. */
  async run<T>(job: () => Promise<T>): Promise<T> {
    const askedAt = performance.now();
    if (this.running < this.concurrency) this.running += 1;
    else await this.waitForTurn();
    this.onWait((performance.now() - askedAt) / 1000);
    try {
      return await job();
    } finally {
      this.leave();
    }
  }

  private waitForTurn(): Promise<void> {
    if (this.queue.size >= this.maxWaiting) throw unavailable({ retryAfterSeconds: 5 });
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        enter: resolve,
        timer: setTimeout(() => {
          this.queue.delete(waiter);
          reject(unavailable({ retryAfterSeconds: 5 }));
        }, this.maxWaitSeconds * 1000),
      };
      this.queue.add(waiter);
    });
  }

  /** The place goes straight to the one that has waited longest, so nobody can slip in between. */
  private leave(): void {
    const [next] = this.queue;
    if (next === undefined) {
      this.running -= 1;
      return;
    }
    this.queue.delete(next);
    clearTimeout(next.timer);
    next.enter();
  }
}
