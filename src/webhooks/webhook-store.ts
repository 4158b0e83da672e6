import { Injectable } from '@nestjs/common';
import { Database, type Statement } from '../platform/database/database.js';

/** A delivery that is genuine, its payload encrypted. */
export interface AcceptedDelivery {
  readonly id: string;
  readonly organizationId: string;
  readonly integrationId: string;
  /** SHA-256 of the event id. */
  readonly idHash: Buffer;
  readonly eventId: string;
  /** Until when the event id is remembered. */
  readonly rememberUntil: Date;
  readonly sentAt: Date | null;
  readonly contentType: string | null;
  readonly bytes: number;
  readonly payload: string;
  readonly isBinary: boolean;
  readonly ipAddress: string;
  readonly receivedAt: Date;
}

interface Waiting {
  readonly delivery: AcceptedDelivery;
  readonly settle: (isNew: boolean) => void;
  readonly fail: (error: unknown) => void;
}

/** Deliveries of one statement, and their bytes, at most. */
const MAX_BATCH = 100;
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
/** Statements under way: while one is written, the next one fills. */
const MAX_UNDER_WAY = 2;

/**
 * Remembers the ids and keeps the events, in one statement: both or neither; of two at once one gets through. An id whose
 * time is over may come again. $1: the deliveries, with no id twice.
 */
const KEEP_EVENTS: Statement = {
  name: 'keep_webhook_events',
  text: `
    WITH input AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset($1::jsonb) AS d (
        id uuid, "organizationId" uuid, "integrationId" uuid, "idHash" text, "eventId" text, "rememberUntil" timestamptz,
        "sentAt" timestamptz, "contentType" text, bytes int, payload text, "isBinary" boolean, "ipAddress" text,
        "receivedAt" timestamptz)
    ), fresh AS (
      INSERT INTO benteng.webhook_deliveries AS d (integration_id, id_hash, organization_id, expires_at)
      SELECT "integrationId", decode("idHash", 'hex'), "organizationId", "rememberUntil" FROM input
      -- Always in one order: two statements never wait for each other.
      ORDER BY "integrationId", "idHash"
      ON CONFLICT (integration_id, id_hash) DO UPDATE SET expires_at = excluded.expires_at
        WHERE d.expires_at <= (SELECT min("receivedAt") FROM input)
      RETURNING integration_id, id_hash
    )
    INSERT INTO benteng.webhook_events (id, organization_id, integration_id, event_id, sent_at, content_type, bytes,
                                        payload, is_binary, ip_address, created_at)
    SELECT id, "organizationId", "integrationId", "eventId", "sentAt", "contentType", bytes, payload, "isBinary",
           "ipAddress", "receivedAt"
    FROM input JOIN fresh ON integration_id = "integrationId" AND id_hash = decode("idHash", 'hex')
    RETURNING id`,
};

/**
 * Keeps deliveries, those that come while the database is busy together: one commit for many. Each is answered only after
 * its own commit; if a statement fails, its deliveries are tried one by one, so that none spoils another.
 */
@Injectable()
export class WebhookStore {
  private waiting: Waiting[] = [];
  private underWay = 0;

  constructor(private readonly database: Database) {}

  /** @returns false when the event id is remembered: it was kept before. */
  keep(delivery: AcceptedDelivery): Promise<boolean> {
    return new Promise((settle, fail) => {
      this.waiting.push({ delivery, settle, fail });
      // After this turn's requests have been judged.
      if (this.waiting.length === 1) setImmediate(() => this.pump());
    });
  }

  private pump(): void {
    while (this.waiting.length > 0 && this.underWay < MAX_UNDER_WAY) {
      const batch = this.takeBatch();
      this.underWay += 1;
      void this.write(batch).finally(() => {
        this.underWay -= 1;
        this.pump();
      });
    }
  }

  /** The oldest that wait, each id once: a second one waits for the statement after. */
  private takeBatch(): Waiting[] {
    const batch = new Map<string, Waiting>();
    const rest: Waiting[] = [];
    let bytes = 0;
    for (const item of this.waiting) {
      const { integrationId, idHash, payload } = item.delivery;
      const key = `${integrationId} ${idHash.toString('hex')}`;
      const isFull = batch.size >= MAX_BATCH || (batch.size > 0 && bytes + payload.length > MAX_BATCH_BYTES);
      if (isFull || batch.has(key)) rest.push(item);
      else {
        batch.set(key, item);
        bytes += payload.length;
      }
    }
    this.waiting = rest;
    return [...batch.values()];
  }

  private async write(batch: Waiting[]): Promise<void> {
    try {
      const fresh = await this.insert(batch);
      for (const { delivery, settle } of batch) settle(fresh.has(delivery.id));
    } catch (error) {
      if (batch.length === 1) batch[0]!.fail(error);
      else for (const item of batch) await this.write([item]);
    }
  }

  private async insert(batch: readonly Waiting[]): Promise<Set<string>> {
    const rows = batch.map(({ delivery }) => ({ ...delivery, idHash: delivery.idHash.toString('hex') }));
    const kept = await this.database.run<{ id: string }>(KEEP_EVENTS, [JSON.stringify(rows)]);
    return new Set(kept.map(({ id }) => id));
  }
}
