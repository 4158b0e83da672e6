import { unavailable } from '../errors/platform.errors.js';
import { FairLine } from './fair-line.js';
import type { HashCaller } from './hash-caller.js';

interface Waiter {
  readonly enter: () => void;
  readonly refuse: () => void;
}

/**
 * Lets a bounded number of costly jobs run at once; the surplus waits in a fair line and is refused when it gets no turn,
 * so that a flood of logins costs its senders time instead of costing everybody memory (ASVS V15.2.2).
 */
export class HashGate {
  private running = 0;
  private readonly line: FairLine<Waiter>;

  /**
   * @param concurrency jobs at once.
   * @param maxWaiting jobs that may wait; past that the least entitled is refused at once.
   * @param maxWaitSeconds how long one may wait.
   */
  constructor(
    private readonly concurrency: number,
    maxWaiting = 500,
    private readonly maxWaitSeconds = 15,
  ) {
    this.line = new FairLine(maxWaiting);
  }

  /** Told how long each job waited, in seconds. */
  onWait: (seconds: number) => void = () => undefined;

  /** Jobs that wait now. */
  get waiting(): number {
    return this.line.size;
  }

  /** Runs `job` when its turn comes. @throws UNAVAILABLE with `retryAfterSeconds` when it does not come in time. */
  async run<T>(caller: HashCaller, job: () => Promise<T>): Promise<T> {
    const askedAt = performance.now();
    if (this.running < this.concurrency) this.running += 1;
    else await this.waitForTurn(caller);
    this.onWait((performance.now() - askedAt) / 1000);
    try {
      return await job();
    } finally {
      this.leave();
    }
  }

  private waitForTurn(caller: HashCaller): Promise<void> {
    return new Promise((resolve, reject) => {
      const refuse = (): void => {
        clearTimeout(timer);
        reject(unavailable({ retryAfterSeconds: 5 }));
      };
      const enter = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const waiter: Waiter = { enter, refuse };
      const timer = setTimeout(() => {
        this.line.remove(caller, waiter);
        refuse();
      }, this.maxWaitSeconds * 1000);
      this.line.add(caller, waiter)?.refuse();
    });
  }

  /** The place goes straight to whose turn it is, so nobody can slip in between. */
  private leave(): void {
    const next = this.line.next();
    if (next === undefined) this.running -= 1;
    else next.enter();
  }
}
