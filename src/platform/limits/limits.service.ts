import { Inject, Injectable } from '@nestjs/common';
import { ThrottlerStorage } from '@nestjs/throttler';
import type { Rate } from '../config/environment-reader.js';
import { rateLimited } from '../errors/platform.errors.js';

/** Limits that a service counts itself, for keys that are known only after the guards (the signed-in person). */
@Injectable()
export class LimitsService {
  constructor(@Inject(ThrottlerStorage) private readonly counters: ThrottlerStorage) {}

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
    if (isBlocked) throw rateLimited({ retryAfterSeconds: timeToBlockExpire });
  }
}
