import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ThrottlerStorage } from '@nestjs/throttler';
import type { FastifyInstance } from 'fastify';
import { Clock } from '../clock/clock.js';
import { Signals } from '../events/signals.js';

/** Gives the server's entrance its counters: the global limit stands before Nest, so that no path is without it. */
@Injectable()
export class GlobalLimit implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    @Inject(ThrottlerStorage) private readonly counters: ThrottlerStorage,
    private readonly clock: Clock,
    private readonly signals: Signals,
  ) {}

  /** A command has no server. */
  onModuleInit(): void {
    const { counters, clock, signals } = this;
    const server = this.host.httpAdapter?.getInstance<FastifyInstance>();
    server?.entrance.wire({ counters, clock, emit: (signal) => signals.emit(signal) });
  }
}
