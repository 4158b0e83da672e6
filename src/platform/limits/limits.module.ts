import { Global, Module, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ThrottlerModule, type ThrottlerOptions, type ThrottlerStorage } from '@nestjs/throttler';
import type { FastifyRequest } from 'fastify';
import { Config, LIMIT_RULES, type LimitRule } from '../config/config.js';
import { addressBucket, clientAddress } from '../http/client-address.js';
import { canonicalEmail } from '../identity/email.js';
import { COUNTER_STORE, CountersModule } from './counters.module.js';
import { GlobalLimit } from './global-limit.js';
import { LimitsService } from './limits.service.js';
import { rulesOf } from './limits.decorators.js';

/** The rules that a route declares; GLOBAL stands before all routes (`GlobalLimit`). */
type RouteRule = Exclude<LimitRule, 'GLOBAL'>;
const ROUTE_RULES = LIMIT_RULES.filter((rule): rule is RouteRule => rule !== 'GLOBAL');

/**
 * What each rule counts by: the address, or the email in the body. UPLOAD counts by user, after the guards; sign-ins count
 * when they are judged (`LoginLimits`).
 */
const TRACKERS: Record<RouteRule, (request: FastifyRequest) => string> = {
  LOGIN_IP: () => '',
  LOGIN_EMAIL: () => '',
  REGISTER: byAddress,
  FORGOT_PASSWORD: byEmail,
  WEBHOOK: byAddress,
  UPLOAD: () => '',
};

/** Limits in one place: the contract's table becomes throttlers of @nestjs/throttler. */
@Global()
@Module({
  imports: [
    ThrottlerModule.forRootAsync({
      imports: [CountersModule],
      inject: [Config, Reflector, COUNTER_STORE],
      useFactory: (config: Config, reflector: Reflector, storage: ThrottlerStorage) => ({
        throttlers: ROUTE_RULES.map((rule) => toThrottler(rule, config, reflector)),
        storage,
      }),
    }),
  ],
  providers: [GlobalLimit, LimitsService],
  exports: [ThrottlerModule, LimitsService],
})
export class LimitsModule {}

function toThrottler(rule: RouteRule, config: Config, reflector: Reflector): ThrottlerOptions {
  const { requests, seconds } = config.limits[rule];
  return {
    name: rule,
    limit: requests,
    ttl: seconds * 1000,
    getTracker: (request) => TRACKERS[rule](request as unknown as FastifyRequest),
    skipIf: (context: ExecutionContext) => !rulesOf(reflector, context.getHandler()).includes(rule),
  };
}

function byAddress(request: FastifyRequest): string {
  return addressBucket(clientAddress(request));
}

/** The canonical email, so that case and spaces do not make new buckets; empty when there is none to count. */
function byEmail(request: FastifyRequest): string {
  const { email } = (request.body ?? {}) as { email?: unknown };
  return typeof email === 'string' ? (canonicalEmail(email) ?? '') : '';
}
