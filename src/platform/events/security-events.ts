import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { RandomSource } from '../crypto/random-source.js';
import { Database, type Transaction } from '../database/database.js';
import { APPEND_EVENT, eventParameters, type EventRow } from './event-chain.js';
import type { SecurityEvent } from './security-event.js';

/** An event that was written. */
export interface RecordedEvent {
  readonly event: SecurityEvent;
  readonly row: EventRow;
}

/** Writes what follows from an event with the same transaction: an alert, a notice. */
export type EventConsequence = (tx: Transaction, recorded: RecordedEvent) => Promise<void>;
/** Hears of an event that has landed; must not throw. */
export type EventListener = (recorded: RecordedEvent) => void;

/**
 * Writes the trail of security-relevant acts. The row is part of the caller's own transaction: act and trace live or
 * die together, and when the trace cannot be written the act does not happen (ASVS V16.3.3). What follows from an event
 * (alerts, notices) is told here by whoever brings it about, so that no module needs to know them.
 */
@Injectable()
export class SecurityEvents {
  private readonly logger = new Logger(SecurityEvents.name);
  private readonly pending = new WeakMap<Transaction, RecordedEvent[]>();
  private readonly consequences: EventConsequence[] = [];
  private readonly listeners: EventListener[] = [];

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly random: RandomSource,
  ) {}

  /** Has `consequence` run inside the transaction of every event. */
  addConsequence(consequence: EventConsequence): void {
    this.consequences.push(consequence);
  }

  /** Tells `listener` of every event after its commit. */
  addListener(listener: EventListener): void {
    this.listeners.push(listener);
  }

  /**
   * Writes the event when `tx` is about to commit: the end of the organization's chain is locked last and briefly.
   * @throws Error when `tx` is no open transaction.
   */
  record(tx: Transaction, event: SecurityEvent): void {
    const recorded = { event, row: this.toRow(event) };
    const queue = this.pending.get(tx);
    if (queue !== undefined) {
      queue.push(recorded);
      return;
    }
    const events = [recorded];
    this.pending.set(tx, events);
    this.database.beforeCommit(tx, (open) => this.flush(open, events));
    this.database.afterCommit(tx, () => events.forEach((each) => this.tell(each)));
  }

  /** Writes an event that is its own act, in one statement. @throws when it cannot be written. */
  async write(event: SecurityEvent): Promise<void> {
    const row = this.toRow(event);
    await this.database.run(APPEND_EVENT, eventParameters(row));
    await this.announce({ event, row });
  }

  /** The event as a row, for a statement that does the act and writes its trace at once (`appendEventSql`). */
  toRow(event: SecurityEvent): EventRow {
    return {
      id: this.random.id(),
      organizationId: event.organizationId,
      action: event.action,
      actorId: event.actorId ?? null,
      targetId: event.targetId ?? null,
      ipAddress: event.client?.ipAddress ?? null,
      requestId: event.client?.requestId ?? null,
      details: JSON.stringify(event.details ?? {}),
      createdAt: this.clock.now(),
    };
  }

  /** Brings about what follows from an event that such a statement has just written; the act stands in any case. */
  async announce(recorded: RecordedEvent): Promise<void> {
    try {
      for (const consequence of this.consequences) await consequence(this.database.client, recorded);
    } catch (error) {
      this.logger.error(`what follows from ${recorded.row.action} ${recorded.row.id} is lost`, error);
    }
    this.tell(recorded);
  }

  private async flush(tx: Transaction, events: readonly RecordedEvent[]): Promise<void> {
    // Alerts come before the chain, as where an alert itself is what changes.
    for (const recorded of events)
      for (const consequence of this.consequences) await consequence(tx, recorded);
    // One order for all: two transactions that write to two chains cannot wait for each other.
    const ordered = events.toSorted((a, b) => (a.row.organizationId < b.row.organizationId ? -1 : 1));
    for (const { row } of ordered) await this.database.run(APPEND_EVENT, eventParameters(row), tx);
  }

  private tell(recorded: RecordedEvent): void {
    for (const listener of this.listeners) listener(recorded);
  }
}
