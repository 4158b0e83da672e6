import { Module } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { Config } from '../config/config.js';
import { Signals } from '../events/signals.js';
import type { Counters } from './counters.js';
import { MemoryCounters } from './memory-counters.js';
import { ResilientCounters } from './resilient-counters.js';

/** The store as a dependency of its own: the throttler's token is taken by the throttler's module. */
export const COUNTER_STORE = Symbol('counter store');

/** Where hits are counted: in Redis when REDIS_URL is set, else in the memory of this process. */
@Module({
  providers: [
    {
      provide: COUNTER_STORE,
      inject: [Config, Clock, Signals],
      useFactory: ({ redisUrl, redisKeyPrefix }: Config, clock: Clock, signals: Signals): Counters => {
        const local = new MemoryCounters(clock);
        return redisUrl === null ? local : new ResilientCounters(redisUrl, redisKeyPrefix, local, signals);
      },
    },
  ],
  exports: [COUNTER_STORE],
})
export class CountersModule {}
