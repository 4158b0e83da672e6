import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import { Config } from '../platform/config/config.js';
import type { Transaction } from '../platform/database/database.js';
import { SecurityEvents, type RecordedEvent } from '../platform/events/security-events.js';
import { Signals, type Signal } from '../platform/events/signals.js';
import { MemoryCounters } from '../platform/limits/memory-counters.js';
import {
  ALERT_OF_EVENT,
  DATABASE_ERRORS_PER_MINUTE,
  PATTERN_WINDOW_SECONDS,
  WEBHOOK_FAILURES,
} from './alert-rules.js';
import { AlertsService } from './alerts.service.js';

/** What concerns the whole installation, and nobody's organization. */
type InstallationAlert =
  | 'client_address_unreadable'
  | 'database_errors'
  | 'limiter_store_down'
  | 'password_spraying'
  | 'uncaught_fault'
  | 'retention_held';

/** Turns events and signals into alerts. An alert of an event is written with the event's own transaction. */
@Injectable()
export class AlertSources {
  private readonly counters: MemoryCounters;

  constructor(
    private readonly alerts: AlertsService,
    private readonly config: Config,
    clock: Clock,
    events: SecurityEvents,
    signals: Signals,
  ) {
    this.counters = new MemoryCounters(clock);
    events.addConsequence((tx, recorded) => this.onEvent(tx, recorded));
    signals.listen((signal) => this.onSignal(signal));
  }

  private async onEvent(tx: Transaction, { event, row }: RecordedEvent): Promise<void> {
    const kind = ALERT_OF_EVENT[event.action];
    if (kind === undefined) return;
    const { organizationId, targetId, ipAddress } = row;
    const details = { userId: targetId, ipAddress };
    await this.alerts.raise({ kind, organizationId, subject: targetId ?? '', details }, tx);
  }

  private onSignal(signal: Signal): void {
    switch (signal.kind) {
      case 'decrypt_failed': {
        const { organizationId, table, column, rowId, reason } = signal;
        const details = { table, column, rowId, reason };
        const subject = `${table}.${column}.${rowId}`;
        this.alerts.raiseSoon({ kind: 'decrypt_failure', organizationId, subject, details });
        return;
      }
      case 'password_hash_refused': {
        const { organizationId, userId, reason } = signal;
        const details = { userId, reason };
        this.alerts.raiseSoon({ kind: 'password_hash_refused', organizationId, subject: userId, details });
        return;
      }
      case 'limiter_store_down':
        this.raiseForInstallation('limiter_store_down', { reason: signal.reason });
        return;
      case 'retention_held':
        this.raiseForInstallation('retention_held', { of: signal.of, reason: signal.reason });
        return;
      case 'password_sprayed':
        this.raiseForInstallation('password_spraying', { emails: signal.emails });
        return;
      case 'database_error':
        this.countDatabaseError();
        return;
      case 'client_address_unreadable':
        if (this.counters.hit('client address', 60_000) === 1)
          this.raiseForInstallation('client_address_unreadable', { address: signal.text });
        return;
      case 'uncaught_fault':
        this.raiseForInstallation('uncaught_fault', {});
        return;
      case 'api_use':
        this.countUse(signal.callerId, signal.organizationId);
        return;
      case 'webhook_refused':
        this.countWebhookFailure(signal.integrationId, signal.organizationId, signal.reason);
        return;
      case 'delivery_failed':
      case 'limit_hit':
      case 'limiter_store_up':
      case 'login_attempt':
      case 'second_factor':
        // For the metrics alone.
        return;
    }
  }

  private raiseForInstallation(kind: InstallationAlert, details: Record<string, string | number>): void {
    this.alerts.raiseSoon({ kind, organizationId: null, subject: '', details });
  }

  private countDatabaseError(): void {
    if (this.counters.hit('database', 60_000) === DATABASE_ERRORS_PER_MINUTE) {
      this.raiseForInstallation('database_errors', { errors: DATABASE_ERRORS_PER_MINUTE });
    }
  }

  private countWebhookFailure(integrationId: string, organizationId: string, reason: string): void {
    // Every tenth: an attack that goes on after the alert was acknowledged raises the next one.
    const failures = this.counters.hit(`webhook ${integrationId}`, PATTERN_WINDOW_SECONDS * 1000);
    if (failures % WEBHOOK_FAILURES !== 0) return;
    const details = { integrationId, failures, reason };
    this.alerts.raiseSoon({
      kind: 'webhook_signature_failures',
      organizationId,
      subject: integrationId,
      details,
    });
  }

  private countUse(callerId: string, organizationId: string): void {
    const { requests, seconds } = this.config.unusualUse;
    if (this.counters.hit(`use ${callerId}`, seconds * 1000) !== requests + 1) return;
    const details = { callerId, requests, seconds };
    this.alerts.raiseSoon({ kind: 'unusual_api_use', organizationId, subject: callerId, details });
  }
}
