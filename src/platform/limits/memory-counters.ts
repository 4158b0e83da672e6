import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import type { CounterRecord, Counters } from './counters.js';

/** Keys of one generation; there are two of them. */
const GENERATION_KEYS = 100_000;

interface Window {
  hits: number;
  /** On the monotonic clock: a machine whose time of day is set back must not keep a limit for hours. */
  readonly endsAtMs: number;
}

/**
 * Fixed windows in memory, for one instance. A window begins with its first hit; what passes the limit is refused until
 * the window ends, and does not lengthen it. Keys live in two generations: when the young one is full, or as old as the
 * longest window, it becomes the old one, and the old one before it is dropped whole. So memory is bounded under an
 * attack with made-up keys, the newest windows stay, and no hit ever costs more than a look into two maps.
 */
@Injectable()
export class MemoryCounters implements Counters {
  private young = new Map<string, Window>();
  private old = new Map<string, Window>();
  /** When the young generation is as old as the longest window seen. */
  private turnAt = 0;
  private longestMs = 0;

  constructor(private readonly clock: Clock) {}

  /**
   * Counts one hit.
   * @param ttl length of the window in milliseconds.
   * @param limit hits allowed in it.
   */
  increment(key: string, ttl: number, limit: number): Promise<CounterRecord> {
    const { hits, endsAtMs } = this.count(key, ttl);
    const secondsLeft = Math.max(1, Math.ceil((endsAtMs - this.clock.monotonicMs()) / 1000));
    const isBlocked = hits > limit;
    return Promise.resolve({
      totalHits: hits,
      timeToExpire: secondsLeft,
      isBlocked,
      timeToBlockExpire: isBlocked ? secondsLeft : 0,
    });
  }

  /** Counts one hit. @returns how many the window has now. */
  hit(key: string, ttl: number): number {
    return this.count(key, ttl).hits;
  }

  /** Hits of the window that is open now; 0 when there is none. */
  read(key: string): Promise<number> {
    return Promise.resolve(this.find(key)?.hits ?? 0);
  }

  /** Takes hits back, never below none. */
  release(key: string, hits: number): Promise<void> {
    const window = this.find(key);
    if (window !== undefined) window.hits = Math.max(0, window.hits - hits);
    return Promise.resolve();
  }

  /** Keys that are kept now. */
  get size(): number {
    return this.young.size + this.old.size;
  }

  private count(key: string, ttl: number): Window {
    let window = this.find(key);
    if (window === undefined) {
      const now = this.clock.monotonicMs();
      window = { hits: 0, endsAtMs: now + ttl };
      this.makeRoom(now, ttl);
      this.young.set(key, window);
    }
    window.hits += 1;
    return window;
  }

  private find(key: string): Window | undefined {
    const window = this.young.get(key) ?? this.old.get(key);
    return window !== undefined && window.endsAtMs > this.clock.monotonicMs() ? window : undefined;
  }

  private makeRoom(now: number, ttl: number): void {
    this.longestMs = Math.max(this.longestMs, ttl);
    if (this.young.size < GENERATION_KEYS && now < this.turnAt) return;
    this.old = this.young;
    this.young = new Map();
    this.turnAt = now + this.longestMs;
  }
}
