import { Injectable } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { Clock } from '../clock/clock.js';

/** What a counter says after a hit; the shape of @nestjs/throttler's storage, times in seconds. */
export interface CounterRecord {
  totalHits: number;
  timeToExpire: number;
  isBlocked: boolean;
  timeToBlockExpire: number;
}

/** Past this many keys the oldest window is forgotten: memory stays bounded under an attack with made-up keys. */
const MAX_KEYS = 200_000;

/**
 * Fixed windows in memory, for one instance. A window begins with its first hit; what passes the limit is refused until
 * the window ends, and does not lengthen it.
 */
@Injectable()
export class MemoryCounters implements ThrottlerStorage {
  /** Insertion order is age order, since a window is written once and never moved. */
  private readonly windows = new Map<string, { hits: number; endsAt: number }>();

  constructor(private readonly clock: Clock) {}

  /**
   * Counts one hit.
   * @param ttl length of the window in milliseconds.
   * @param limit hits allowed in it.
   */
  increment(key: string, ttl: number, limit: number): Promise<CounterRecord> {
    const { hits, endsAt } = this.count(key, ttl);
    const secondsLeft = Math.max(1, Math.ceil((endsAt - this.clock.now().getTime()) / 1000));
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

  private count(key: string, ttl: number): { hits: number; endsAt: number } {
    const now = this.clock.now().getTime();
    let window = this.windows.get(key);
    if (window === undefined || window.endsAt <= now) {
      this.windows.delete(key);
      this.makeRoom(now);
      window = { hits: 0, endsAt: now + ttl };
      this.windows.set(key, window);
    }
    window.hits += 1;
    return window;
  }

  /** Drops what has ended at the old end, and the oldest window when the room is full. */
  private makeRoom(now: number): void {
    for (const [key, { endsAt }] of this.windows) {
      if (endsAt > now && this.windows.size < MAX_KEYS) return;
      this.windows.delete(key);
    }
  }
}
