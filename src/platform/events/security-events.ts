import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { RandomSource } from '../crypto/random-source.js';
import type { Transaction } from '../database/database.js';
import type { SecurityEvent } from './security-event.js';

/** Columns of the trail with their types, in the order of `valuesOf`. */
export const EVENT_COLUMNS = [
  ['id', 'uuid'],
  ['organization_id', 'uuid'],
  ['action', 'text'],
  ['actor_id', 'uuid'],
  ['target_id', 'uuid'],
  ['ip_address', 'text'],
  ['request_id', 'uuid'],
  ['details', 'jsonb'],
  ['created_at', 'timestamptz'],
] as const;

/**
 * Writes the trail of security-relevant acts. The row is part of the caller's own transaction: act and trace live or
 * die together, and when the trace cannot be written the act does not happen (ASVS V16.3.3).
 */
@Injectable()
export class SecurityEvents {
  constructor(
    private readonly clock: Clock,
    private readonly random: RandomSource,
  ) {}

  /**
   * The event as values for `EVENT_COLUMNS`, for the one statement that does an act and writes its trace at once.
   */
  valuesOf(event: SecurityEvent): unknown[] {
    return [
      this.random.id(),
      event.organizationId,
      event.action,
      event.actorId ?? null,
      event.targetId ?? null,
      event.client?.ipAddress ?? null,
      event.client?.requestId ?? null,
      JSON.stringify(event.details ?? {}),
      this.clock.now(),
    ];
  }

  /** Writes the event's row inside `tx`. */
  async record(tx: Transaction, event: SecurityEvent): Promise<void> {
    await tx.securityEvent.create({
      data: {
        id: this.random.id(),
        organizationId: event.organizationId,
        action: event.action,
        actorId: event.actorId ?? null,
        targetId: event.targetId ?? null,
        ipAddress: event.client?.ipAddress ?? null,
        requestId: event.client?.requestId ?? null,
        details: event.details ?? {},
        createdAt: this.clock.now(),
      },
      select: { id: true },
    });
  }
}
