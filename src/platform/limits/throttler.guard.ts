import { Inject, Injectable, type ExecutionContext } from '@nestjs/common';
import { ThrottlerGuard as NestThrottlerGuard, type ThrottlerRequest } from '@nestjs/throttler';
import type { FastifyReply } from 'fastify';
import { Signals } from '../events/signals.js';
import { rateLimited } from '../errors/platform.errors.js';
import { addRateLimitFields } from './rate-limit-fields.js';

/** @nestjs/throttler's guard with our error and the header fields of `addRateLimitFields`. */
@Injectable()
export class ThrottlerGuard extends NestThrottlerGuard {
  @Inject(Signals)
  private readonly signals: Signals;

  protected override async handleRequest(request: ThrottlerRequest): Promise<boolean> {
    const { context, limit, ttl, throttler, blockDuration, getTracker, generateKey } = request;
    const { req, res } = this.getRequestResponse(context);
    const tracker = await getTracker(req, context);
    // No tracker: the input that the rule counts by is missing, and validation will refuse the request.
    if (tracker === '') return true;
    const name = throttler.name ?? 'default';
    const key = generateKey(context, tracker, name);
    const count = await this.storageService.increment(key, ttl, limit, blockDuration, name);
    const rate = { requests: limit, seconds: Math.round(ttl / 1000) };
    addRateLimitFields(res as FastifyReply, name, rate, count);
    if (!count.isBlocked) return true;
    this.signals.emit({ kind: 'limit_hit', rule: name });
    throw rateLimited({ retryAfterSeconds: count.timeToBlockExpire });
  }

  /** A rule counts for all routes that declare it together. */
  protected override generateKey(_context: ExecutionContext, tracker: string, name: string): string {
    return `${name}:${tracker}`;
  }
}
