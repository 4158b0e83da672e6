import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { LIMIT_RULES } from '../config/config.js';
import type { DecryptionError } from '../crypto/field-cipher.js';
import type { LoginFailureReason } from '../database/generated/client.js';
import { SECURITY_ACTIONS } from '../events/security-event.js';
import { SecurityEvents } from '../events/security-events.js';
import { Signals, type Signal } from '../events/signals.js';
import { PasswordHasher } from '../passwords/password-hasher.js';

/** Seconds; the hash alone takes some 30 ms. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Every outcome of a sign-in: `challenge` is a right password that a second factor or a new password must follow. */
const LOGIN_OUTCOMES = Object.keys({
  success: true,
  challenge: true,
  unknown_email: true,
  invalid_password: true,
  account_locked: true,
  account_suspended: true,
  no_password: true,
  rate_limited: true,
  captcha_required: true,
  two_factor_failed: true,
  temporary_password_expired: true,
} satisfies Record<'success' | 'challenge' | LoginFailureReason, true>);
const DECRYPTION_REASONS = Object.keys({
  malformed: true,
  unknown_version: true,
  unknown_key: true,
  not_authentic: true,
} satisfies Record<DecryptionError['reason'], true>);

/**
 * What this instance counts, as Prometheus text. Every label has few values that are known beforehand: no path, email,
 * address or id, so that neither an attacker nor growth can blow the text up, and nothing personal is in it.
 */
@Injectable()
export class Metrics implements OnModuleInit, OnApplicationShutdown {
  /** Of its own: several applications may live in one process. */
  private readonly registry = new Registry();
  private readonly logins = this.counter('logins_total', 'Tries to sign in, by outcome.', ['outcome']);
  private readonly factors = this.counter('second_factor_total', 'Tries of the second factor.', ['outcome']);
  private readonly limitHits = this.counter('limit_hits_total', 'Requests that a limit refused.', ['rule']);
  private readonly events = this.counter('security_events_total', 'Events of the trail.', ['action']);
  private readonly lockouts = this.counter('lockouts_total', 'Accounts that were locked.', []);
  private readonly thefts = this.counter(
    'refresh_token_theft_total',
    'Spent refresh tokens that came back.',
    [],
  );
  private readonly webhookRefusals = this.counter(
    'webhook_refusals_total',
    'Webhooks that were refused for an integration that exists.',
    [],
  );
  private readonly deliveryFailures = this.counter(
    'delivery_failures_total',
    'Alerts and mails that the other side did not take.',
    ['service'],
  );
  private readonly decryptFailures = this.counter('decrypt_failures_total', 'Ciphertexts refused.', [
    'reason',
  ]);
  private readonly databaseErrors = this.counter(
    'database_errors_total',
    'Requests that could not reach the database.',
    [],
  );
  private readonly uncaughtFaults = this.counter(
    'uncaught_faults_total',
    'Faults that only the last net caught.',
    [],
  );
  private readonly limiterDown = this.counter(
    'limiter_store_outages_total',
    'Times the shared counters were lost.',
    [],
  );
  private readonly limiterUp = new Gauge({
    name: 'benteng_limiter_store_up',
    help: 'Whether the shared counters answer; 1 also where there are none.',
    registers: [this.registry],
  });
  private readonly durations = new Histogram({
    name: 'benteng_http_request_duration_seconds',
    help: 'Time from request to answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: DURATION_BUCKETS,
    registers: [this.registry],
  });
  private readonly hashWait = new Histogram({
    name: 'benteng_password_hash_wait_seconds',
    help: 'Time a password hash waited for its turn.',
    buckets: DURATION_BUCKETS,
    registers: [this.registry],
  });

  constructor(
    private readonly host: HttpAdapterHost,
    signals: Signals,
    events: SecurityEvents,
    hasher: PasswordHasher,
  ) {
    this.limiterUp.set(1);
    this.startAtZero();
    const queue: Gauge = new Gauge({
      name: 'benteng_password_hash_queue_length',
      help: 'Password hashes that wait for their turn.',
      registers: [this.registry],
      collect: (): void => queue.set(hasher.waiting),
    });
    hasher.onWait((seconds) => this.hashWait.observe(seconds));
    signals.listen((signal) => this.count(signal));
    events.addListener(({ event: { action } }) => {
      this.events.inc({ action });
      if (action === 'user.locked') this.lockouts.inc();
      if (action === 'session.refresh_token_reused') this.thefts.inc();
    });
    // Process, memory, event-loop delay, garbage collection.
    collectDefaultMetrics({ register: this.registry, prefix: 'benteng_' });
    // Gauges that are called like counters; each is the sum of the one of that name without "_total".
    for (const name of ['active_handles', 'active_requests', 'active_resources'])
      this.registry.removeSingleMetric(`benteng_nodejs_${name}_total`);
  }

  /** Prometheus' text form, and its content type. */
  async read(): Promise<{ text: string; contentType: string }> {
    return { text: await this.registry.metrics(), contentType: this.registry.contentType };
  }

  /** Has the durations of all requests counted, by the template of their route; a command has no server. */
  onModuleInit(): void {
    const server = this.host.httpAdapter?.getInstance<FastifyInstance>();
    server?.addHook('onResponse', async (request, reply) => {
      const route = request.routeOptions.url ?? 'unmatched';
      const status = `${Math.floor(reply.statusCode / 100)}xx`;
      this.durations.observe(
        { method: methodLabel(request.method), route, status },
        reply.elapsedTime / 1000,
      );
    });
  }

  onApplicationShutdown(): void {
    this.registry.clear();
  }

  /** A line that first appears as 1 looks to Prometheus as if nothing had risen: what is known beforehand stands at 0. */
  private startAtZero(): void {
    for (const outcome of LOGIN_OUTCOMES) this.logins.inc({ outcome }, 0);
    for (const outcome of ['accepted', 'refused']) this.factors.inc({ outcome }, 0);
    for (const rule of LIMIT_RULES) this.limitHits.inc({ rule }, 0);
    for (const action of SECURITY_ACTIONS) this.events.inc({ action }, 0);
    for (const service of ['alert_webhook', 'mail']) this.deliveryFailures.inc({ service }, 0);
    for (const reason of DECRYPTION_REASONS) this.decryptFailures.inc({ reason }, 0);
  }

  private count(signal: Signal): void {
    switch (signal.kind) {
      case 'login_attempt':
        this.logins.inc({ outcome: signal.outcome });
        return;
      case 'password_hash_refused':
        // For the alerts alone.
        return;
      case 'second_factor':
        this.factors.inc({ outcome: signal.outcome });
        return;
      case 'limit_hit':
        this.limitHits.inc({ rule: signal.rule });
        return;
      case 'decrypt_failed':
        this.decryptFailures.inc({ reason: signal.reason });
        return;
      case 'webhook_refused':
        this.webhookRefusals.inc();
        return;
      case 'delivery_failed':
        this.deliveryFailures.inc({ service: signal.service });
        return;
      case 'database_error':
        this.databaseErrors.inc();
        return;
      case 'client_address_unreadable':
        return;
      case 'uncaught_fault':
        this.uncaughtFaults.inc();
        return;
      case 'limiter_store_down':
        this.limiterUp.set(0);
        this.limiterDown.inc();
        return;
      case 'limiter_store_up':
        this.limiterUp.set(1);
        return;
      case 'api_use':
      case 'password_sprayed':
      case 'retention_held':
        // For the alerts alone.
        return;
    }
  }

  private counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name: `benteng_${name}`, help, labelNames, registers: [this.registry] });
  }
}

const METHODS = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS'];

function methodLabel(method: string): string {
  return METHODS.includes(method) ? method : 'other';
}
