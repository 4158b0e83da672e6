import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { Database } from '../platform/database/database.js';
import type { LoginFailureReason } from '../platform/database/generated/client.js';
import { Signals } from '../platform/events/signals.js';
import { addressBucket } from '../platform/http/client-address.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { Jobs } from '../platform/jobs/jobs.js';
import { COUNT_REFUSED_ATTEMPTS } from './attempt-statements.js';

const FLUSH_SECONDS = 5;
/** Buckets that are counted at once; past that the oldest is written and forgotten, and begins a row anew. */
const MAX_BUCKETS = 10_000;

/** A sign-in that was refused unjudged. */
export interface RefusedAttempt {
  /** What was used up: all refusals of one bucket within a window share a row. */
  readonly bucket: string;
  readonly windowSeconds: number;
  /** Canonical; the row keeps that of the first refusal. */
  readonly email: string;
  readonly reason: Extract<LoginFailureReason, 'rate_limited' | 'captcha_required'>;
  readonly client: ClientContext;
}

interface Counted {
  readonly row: readonly unknown[];
  readonly endsAtMs: number;
  count: number;
  written: number;
}

/**
 * Counts sign-ins that were refused before a password was looked at: one row per bucket and window (and instance), which
 * says how many, so that a flood fills neither the table nor anybody's history. The first refusal is written at once, the
 * count some seconds later; a crash loses those seconds.
 */
@Injectable()
export class RefusedAttempts {
  private readonly logger = new Logger(RefusedAttempts.name);
  /** Insertion order is age order. */
  private readonly buckets = new Map<string, Counted>();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly random: RandomSource,
    private readonly signals: Signals,
    jobs: Jobs,
  ) {
    jobs.add({ name: 'refused sign-ins', everySeconds: FLUSH_SECONDS, run: () => this.flush() });
  }

  /** Never throws: the refusal stands, whether it can be recorded or not. */
  async note({ bucket, windowSeconds, email, reason, client }: RefusedAttempt): Promise<void> {
    this.signals.emit({ kind: 'login_attempt', outcome: reason });
    const nowMs = this.clock.monotonicMs();
    const open = this.buckets.get(bucket);
    if (open !== undefined && open.endsAtMs > nowMs) {
      open.count += 1;
      return;
    }
    const { ipAddress, userAgent, requestId } = client;
    const address = addressBucket(ipAddress);
    const counted: Counted = {
      row: [this.random.id(), email, reason, ipAddress, address, userAgent, requestId, this.clock.now()],
      endsAtMs: nowMs + windowSeconds * 1000,
      count: 1,
      written: 0,
    };
    const [oldest] = this.buckets.size >= MAX_BUCKETS ? this.buckets : [];
    const ended = [open, oldest?.[1]].filter((each) => each !== undefined);
    if (oldest !== undefined) this.buckets.delete(oldest[0]);
    this.buckets.delete(bucket);
    this.buckets.set(bucket, counted);
    for (const each of [...ended, counted]) await this.write(each);
  }

  /** Writes what was counted since, and forgets windows that have ended. */
  async flush(): Promise<void> {
    const nowMs = this.clock.monotonicMs();
    for (const [bucket, counted] of this.buckets) {
      await this.write(counted);
      if (counted.endsAtMs <= nowMs && counted.written === counted.count) this.buckets.delete(bucket);
    }
  }

  private async write(counted: Counted): Promise<void> {
    const { row, count, written } = counted;
    if (count === written) return;
    counted.written = count;
    try {
      await this.database.run(COUNT_REFUSED_ATTEMPTS, [...row, count]);
    } catch (error) {
      counted.written = written;
      this.logger.warn(`refused sign-ins could not be written yet: ${(error as Error).message}`);
    }
  }
}
