import { Inject, Injectable } from '@nestjs/common';
import { ThrottlerStorage } from '@nestjs/throttler';
import type { Rate } from '../config/environment-reader.js';
import { Signals } from '../events/signals.js';
import { ResilientCounters } from './resilient-counters.js';
import { rateLimited } from '../errors/platform.errors.js';

/** Limits that a service counts itself, for keys that are known only after the guards (the signed-in person). */
@Injectable()
export class LimitsService {
  constructor(
    @Inject(ThrottlerStorage) private readonly counters: ThrottlerStorage,
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
    const milliseconds = rate.seconds * 1000;
    const { isBlocked, timeToBlockExpire } = await this.counters.increment(
      `${name}:${key}`,
      milliseconds,
      rate.requests,
      milliseconds,
      name,
    );
    if (!isBlocked) return;
    this.signals.emit({ kind: 'limit_hit', rule: name });
    throw rateLimited({ retryAfterSeconds: timeToBlockExpire });
  }
}
