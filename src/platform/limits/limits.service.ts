import { Inject, Injectable } from '@nestjs/common';
import { ThrottlerStorage } from '@nestjs/throttler';
import type { Rate } from '../config/environment-reader.js';
import { Signals } from '../events/signals.js';
import type { CounterRecord, Counters } from './counters.js';
import { ResilientCounters } from './resilient-counters.js';
import { rateLimited } from '../errors/platform.errors.js';

/** Limits that a service counts itself, for keys that are known only after the guards (the signed-in person). */
@Injectable()
export class LimitsService {
  constructor(
    @Inject(ThrottlerStorage) private readonly counters: Counters,
    private readonly signals: Signals,
  ) {}

  /** Whether counters are shared, and if so that they can be reached. @throws while they cannot. */
  async checkStore(): Promise<'up' | null> {
    if (!(this.counters instanceof ResilientCounters)) return null;
    await this.counters.ping();
    return 'up';
  }

  /**
   * Counts one hit of `name` for `key`.
   * @throws RATE_LIMITED with `retryAfterSeconds` past the rate.
   */
  async consume(name: string, key: string, rate: Rate): Promise<void> {
    const { isBlocked, timeToBlockExpire } = await this.count(name, key, rate);
    if (!isBlocked) return;
    this.signals.emit({ kind: 'limit_hit', rule: name });
    throw rateLimited({ retryAfterSeconds: timeToBlockExpire });
  }

  /** Counts one hit that may be given back later; one past the rate is not counted. */
  async take(name: string, key: string, rate: Rate): Promise<CounterRecord> {
    const record = await this.count(name, key, rate);
    if (!record.isBlocked) return record;
    this.signals.emit({ kind: 'limit_hit', rule: name });
    await this.giveBack(name, key, 1);
    return record;
  }

  /** Takes hits back that turned out not to count. */
  async giveBack(name: string, key: string, hits: number): Promise<void> {
    await this.counters.release(`${name}:${key}`, hits, name);
  }

  /** Hits in the window that is open now. */
  async read(name: string, key: string): Promise<number> {
    return this.counters.read(`${name}:${key}`, name);
  }

  /** Begins anew, as if nobody had come. */
  async forget(name: string, key: string): Promise<void> {
    await this.giveBack(name, key, Number.MAX_SAFE_INTEGER);
  }

  private async count(name: string, key: string, rate: Rate): Promise<CounterRecord> {
    const milliseconds = rate.seconds * 1000;
    return this.counters.increment(`${name}:${key}`, milliseconds, rate.requests, milliseconds, name);
  }
}
