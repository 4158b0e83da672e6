import { setTimeout as delay } from 'node:timers/promises';
import { ThrottlerStorageRedisService } from '@nest-lab/throttler-storage-redis';
import { Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { Redis } from 'ioredis';
import type { Signals } from '../events/signals.js';
import type { CounterRecord, MemoryCounters } from './memory-counters.js';

/** A counter that takes longer is as good as gone. */
const COMMAND_TIMEOUT_MS = 250;
const CONNECT_TIMEOUT_MS = 1000;
/** After a failure the shared counters are left alone for so long: not every request pays the timeout. */
const REST_MS = 1000;
const MAX_RECONNECT_PAUSE_MS = 2000;

/**
 * Fixed windows in Redis, shared by all instances. Every hit is counted in this instance's memory as well: when Redis is
 * gone or slow, those counters go on within the same request, so that nothing is ever unlimited, and nobody starts anew.
 */
export class ResilientCounters implements ThrottlerStorage, OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(ResilientCounters.name);
  private readonly redis: Redis;
  private readonly shared: ThrottlerStorageRedisService;
  private isUp = true;
  private restUntil = 0;

  constructor(
    url: string,
    private readonly keyPrefix: string,
    private readonly local: MemoryCounters,
    private readonly signals: Signals,
  ) {
    this.redis = new Redis(url, {
      commandTimeout: COMMAND_TIMEOUT_MS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      enableOfflineQueue: false,
      // How long a connection that is being closed may keep the process alive.
      disconnectTimeout: 100,
      maxRetriesPerRequest: 0,
      retryStrategy: (times) => Math.min(times * 100, MAX_RECONNECT_PAUSE_MS),
    });
    // What is wrong shows with the next hit; without a listener the error would end the process.
    this.redis.on('error', () => undefined);
    this.shared = new ThrottlerStorageRedisService(this.redis);
  }

  /** Gives the first connection a moment; the service starts in any case. */
  async onModuleInit(): Promise<void> {
    if (this.redis.status === 'ready') return;
    const ready = new Promise<void>((resolve) => void this.redis.once('ready', resolve));
    const stop = new AbortController();
    await Promise.race([ready, delay(CONNECT_TIMEOUT_MS, undefined, { signal: stop.signal })]);
    stop.abort();
  }

  onModuleDestroy(): void {
    this.redis.disconnect();
  }

  /** Throws while Redis does not answer. */
  async ping(): Promise<void> {
    await this.redis.ping();
  }

  /** Counts one hit; the shape and rules of `MemoryCounters`. */
  async increment(
    key: string,
    ttl: number,
    limit: number,
    _block: number,
    name: string,
  ): Promise<CounterRecord> {
    const own = await this.local.increment(key, ttl, limit);
    if (performance.now() < this.restUntil) return own;
    try {
      const hit = await this.shared.increment(this.keyPrefix + key, ttl, limit, ttl, name);
      this.noteUp();
      // The package would block for a whole window from the first refusal; ours ends with the window.
      const { totalHits, timeToExpire } = hit;
      const isBlocked = totalHits > limit;
      return { totalHits, timeToExpire, isBlocked, timeToBlockExpire: isBlocked ? timeToExpire : 0 };
    } catch (error) {
      this.noteDown(error as Error);
      return own;
    }
  }

  private noteUp(): void {
    if (this.isUp) return;
    this.isUp = true;
    this.logger.log('the shared counters are back');
    this.signals.emit({ kind: 'limiter_store_up' });
  }

  private noteDown(error: Error): void {
    this.restUntil = performance.now() + REST_MS;
    if (!this.isUp) return;
    this.isUp = false;
    const reason = (error as NodeJS.ErrnoException).code ?? error.message;
    this.logger.warn(`the shared counters are gone (${reason}): this instance limits by itself`);
    this.signals.emit({ kind: 'limiter_store_down', reason });
  }
}
