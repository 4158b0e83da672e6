import type { ThrottlerStorage } from '@nestjs/throttler';

/** What a counter says after a hit; the shape of @nestjs/throttler's storage, times in seconds. */
export interface CounterRecord {
  totalHits: number;
  timeToExpire: number;
  isBlocked: boolean;
  timeToBlockExpire: number;
}

/** A store of fixed windows whose hits can be read, and taken back when they turn out not to count. */
export interface Counters extends ThrottlerStorage {
  /** Hits of the window of `key` that is open now; 0 when there is none. */
  read(key: string, name: string): Promise<number>;
  /** Takes hits of `key` back, never below none. */
  release(key: string, hits: number, name: string): Promise<void>;
}
