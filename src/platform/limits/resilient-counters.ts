import { setTimeout as delay } from 'node:timers/promises';
import { ThrottlerStorageRedisService } from '@nest-lab/throttler-storage-redis';
import { Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Redis } from 'ioredis';
import type { Signals } from '../events/signals.js';
import type { CounterRecord, Counters } from './counters.js';
import type { MemoryCounters } from './memory-counters.js';

/** A counter that takes longer is as good as gone. */
const COMMAND_TIMEOUT_MS = 250;
const CONNECT_TIMEOUT_MS = 1000;
/** After a failure the shared counters are left alone for so long: not every request pays the timeout. */
const REST_MS = 1000;
/** How long the key of a readiness probe stays. */
const PROBE_SECONDS = 60;
const MAX_RECONNECT_PAUSE_MS = 2000;

/** Takes hits back, never below none; the window's end stays. */
const RELEASE = `
  local hits = tonumber(redis.call('GET', KEYS[1]) or '0')
  if hits > 0 then redis.call('SET', KEYS[1], math.max(0, hits - ARGV[1]), 'KEEPTTL') end
  redis.call('DEL', KEYS[2])`;

/**
 * Fixed windows in Redis, shared by all instances. Every hit is counted in this instance's memory as well: when Redis is
 * gone or slow, those counters go on within the same request, so that nothing is ever unlimited, and nobody starts anew.
 */
export class ResilientCounters implements Counters, OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(ResilientCounters.name);
  private readonly redis: Redis;
  private readonly shared: ThrottlerStorageRedisService;
  private isUp = true;
  private restUntilMs = 0;

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

  onApplicationShutdown(): void {
    this.redis.disconnect();
  }

  /** Throws while Redis cannot count: gone, read-only (a replica after a failover), or full. */
  async ping(): Promise<void> {
    await this.redis.set(`${this.keyPrefix}ready`, '1', 'EX', PROBE_SECONDS);
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
    // A flood that is above the global limit on this instance alone does not reach Redis as well.
    if (own.isBlocked && name === 'GLOBAL') return own;
    const hit = await this.tryShared(() =>
      this.shared.increment(this.keyPrefix + key, ttl, limit, ttl, name),
    );
    if (hit === undefined) return own;
    // The package would block for a whole window from the first refusal; ours ends with the window.
    const { totalHits, timeToExpire } = hit;
    const isBlocked = totalHits > limit;
    return { totalHits, timeToExpire, isBlocked, timeToBlockExpire: isBlocked ? timeToExpire : 0 };
  }

  async read(key: string, name: string): Promise<number> {
    const own = await this.local.read(key);
    const shared = await this.tryShared(() => this.redis.get(this.keysOf(key, name).hits));
    return shared === undefined ? own : Number(shared ?? 0);
  }

  async release(key: string, hits: number, name: string): Promise<void> {
    await this.local.release(key, hits);
    const { hits: counter, blocked } = this.keysOf(key, name);
    await this.tryShared(() => this.redis.eval(RELEASE, 2, counter, blocked, hits));
  }

  /** The names that @nest-lab/throttler-storage-redis gives its keys. */
  private keysOf(key: string, name: string): { hits: string; blocked: string } {
    const tag = `{${this.keyPrefix}${key}:${name}}`;
    return { hits: `${tag}:hits`, blocked: `${tag}:blocked` };
  }

  /** @returns undefined while Redis is gone: what this instance counted by itself holds. */
  private async tryShared<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (performance.now() < this.restUntilMs) return undefined;
    try {
      const answer = await work();
      this.noteUp();
      return answer;
    } catch (error) {
      this.noteDown(error as Error);
      return undefined;
    }
  }

  private noteUp(): void {
    if (this.isUp) return;
    this.isUp = true;
    this.logger.log('the shared counters are back');
    this.signals.emit({ kind: 'limiter_store_up' });
  }

  private noteDown(error: Error): void {
    this.restUntilMs = performance.now() + REST_MS;
    if (!this.isUp) return;
    this.isUp = false;
    const reason = (error as NodeJS.ErrnoException).code ?? error.message;
    this.logger.warn(`the shared counters are gone (${reason}): this instance limits by itself`);
    this.signals.emit({ kind: 'limiter_store_down', reason });
  }
}
