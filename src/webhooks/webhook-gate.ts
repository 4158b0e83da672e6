import { Injectable } from '@nestjs/common';
import { addSeconds, Clock } from '../platform/clock/clock.js';
import { sha256 } from '../platform/crypto/digest.js';
import { DecryptionError, FieldCipher } from '../platform/crypto/field-cipher.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { Database, type Statement } from '../platform/database/database.js';
import type { Integration } from '../platform/database/generated/client.js';
import { Signals } from '../platform/events/signals.js';
import { isUuid } from '../platform/validation/uuid.js';
import { WEBHOOK_SCHEMES } from './schemes/index.js';
import { hmacOf, type Claim, type Delivery } from './schemes/scheme.js';
import { WebhookFailures, type FailureReason } from './webhook-failures.js';
import { signatureRefused } from './webhooks.errors.js';

/** Contract §6. */
const MAX_AGE_SECONDS = 300;

/** The answer to a provider. */
export interface Receipt {
  readonly received: true;
  /** It came before and had its effect then. */
  readonly duplicate: boolean;
}

type Row = Pick<Integration, 'id' | 'organizationId' | 'status' | 'webhookScheme' | 'webhookSecret'> & {
  previousWebhookSecret: string | null;
  isBlocked: boolean;
};

/** $1 integration id, $2 now, $3 client address. The previous secret only while it still works. */
const FIND_INTEGRATION: Statement = {
  name: 'find_webhook_integration',
  text: `
    SELECT id, organization_id AS "organizationId", status::text,
           replace(webhook_scheme::text, '-', '_') AS "webhookScheme", webhook_secret AS "webhookSecret",
           CASE WHEN previous_webhook_secret_expires_at > $2::timestamptz THEN previous_webhook_secret END
             AS "previousWebhookSecret",
           EXISTS (SELECT FROM benteng.blocked_addresses b
                   WHERE (b.organization_id = i.organization_id OR b.organization_id IS NULL)
                     AND b.expires_at > $2::timestamptz AND $3::inet <<= b.range) AS "isBlocked"
    FROM benteng.integrations i WHERE id = $1::uuid`,
};

/**
 * Remembers the id and keeps the event, in one statement: both or neither; of two at once one gets through. An id whose
 * time is over may come again. It looks across organizations only in that the connection need not change its scope.
 * $1 integration, $2 hash of the event id, $3 organization, $4 until when the id is remembered, $5 now, $6 row id,
 * $7 event id, $8 sent at, $9 content type, $10 bytes, $11 payload, $12 whether base64, $13 address.
 */
const KEEP_EVENT: Statement = {
  name: 'keep_webhook_event',
  text: `
    WITH fresh AS (
      INSERT INTO benteng.webhook_deliveries AS d (integration_id, id_hash, organization_id, expires_at)
      VALUES ($1::uuid, $2::bytea, $3::uuid, $4::timestamptz)
      ON CONFLICT (integration_id, id_hash) DO UPDATE SET expires_at = $4::timestamptz
        WHERE d.expires_at <= $5::timestamptz
      RETURNING 1)
    INSERT INTO benteng.webhook_events
      (id, organization_id, integration_id, event_id, sent_at, content_type, bytes, payload, is_binary, ip_address, created_at)
    SELECT $6::uuid, $3::uuid, $1::uuid, $7::text, $8::timestamptz, $9::text, $10::int, $11::text, $12::boolean, $13::text,
           $5::timestamptz
    FROM fresh RETURNING id`,
};

/**
 * The one gate for what platforms push: finds out whether a delivery is genuine, and keeps it exactly once (L-S9, L-0.2).
 * Unknown, disabled, blocked and wrongly signed deliveries get the same answer after the same work.
 */
@Injectable()
export class WebhookGate {
  /** What an integration without a secret, or none at all, is checked against: nobody knows it. */
  private readonly decoy: { row: Row; secret: string };

  constructor(
    private readonly database: Database,
    private readonly cipher: FieldCipher,
    private readonly clock: Clock,
    private readonly random: RandomSource,
    private readonly failures: WebhookFailures,
    private readonly signals: Signals,
  ) {
    const [id, organizationId] = [random.id(), random.id()];
    const secret = random.bytes(32).toString('base64');
    const row: Row = {
      id,
      organizationId,
      status: 'DISABLED',
      webhookScheme: 'standard',
      webhookSecret: cipher.encrypt(secret, secretPlace({ id, organizationId }, 'webhook_secret')),
      previousWebhookSecret: null,
      isBlocked: false,
    };
    this.decoy = { row, secret };
  }

  /** @throws UNAUTHENTICATED, for whatever reason; nothing is kept then. */
  async receive(
    integrationId: string,
    delivery: Delivery,
    client: { contentType: string | undefined; ipAddress: string },
  ): Promise<Receipt> {
    const now = this.clock.now();
    const known = isUuid(integrationId) ? integrationId : this.decoy.row.id;
    const [found] = await this.database.run<Row>(FIND_INTEGRATION, [known, now, client.ipAddress]);
    const row = found ?? this.decoy.row;
    const { reason, claim } = this.judge(row, delivery, now);
    if (claim === null) {
      if (found !== undefined) this.noteFailure(found, client.ipAddress, reason);
      throw signatureRefused();
    }
    return { received: true, duplicate: !(await this.keep(row, delivery, claim, client, now)) };
  }

  /** Does all the work before it says no, so that the time does not tell why. */
  private judge(
    row: Row,
    delivery: Delivery,
    now: Date,
  ): { reason: null; claim: Claim } | { reason: FailureReason; claim: null } {
    const claim = WEBHOOK_SCHEMES[row.webhookScheme].read(delivery);
    const secrets = this.secretsOf(row);
    // Without a claim the body is signed all the same, so that a long one takes its time for unknown integrations too.
    const isSigned =
      claim === null
        ? hmacOf(this.decoy.secret, delivery.body) === null
        : secrets.map((secret) => claim.isSignedWith(secret)).includes(true);
    const refuse = (reason: FailureReason) => ({ reason, claim: null });
    if (row.isBlocked) return refuse('blocked');
    if (row.status !== 'ACTIVE') return refuse('disabled');
    if (row.webhookSecret === null) return refuse('no_secret');
    if (claim === null) return refuse('malformed');
    if (!isSigned) return refuse('wrong_signature');
    if (claim.timestamp !== null && Math.abs(now.getTime() / 1000 - claim.timestamp) > MAX_AGE_SECONDS)
      return refuse('wrong_time');
    return { reason: null, claim };
  }

  /** The secrets that work; a decoy stands for a missing one. */
  private secretsOf(row: Row): string[] {
    const secrets: string[] = [];
    for (const [column, envelope] of [
      ['webhook_secret', row.webhookSecret],
      ['previous_webhook_secret', row.previousWebhookSecret],
    ] as const) {
      if (envelope === null) continue;
      try {
        secrets.push(this.cipher.decrypt(envelope, secretPlace(row, column)));
      } catch (error) {
        if (!(error instanceof DecryptionError)) throw error;
        this.signals.emit({ kind: 'decrypt_failed', reason: error.reason, ...error.place });
        throw error;
      }
    }
    return secrets.length === 0 ? [this.decoy.secret] : secrets;
  }

  /** @returns false when it was kept before. */
  private async keep(
    row: Row,
    { body }: Delivery,
    { eventId, timestamp }: Claim,
    { contentType, ipAddress }: { contentType: string | undefined; ipAddress: string },
    now: Date,
  ): Promise<boolean> {
    const id = this.random.id();
    const { organizationId } = row;
    const text = asText(body);
    const place = { table: 'webhook_events', column: 'payload', rowId: id, organizationId };
    const rows = await this.database.run(KEEP_EVENT, [
      row.id,
      sha256(eventId),
      organizationId,
      addSeconds(now, WEBHOOK_SCHEMES[row.webhookScheme].rememberSeconds),
      now,
      id,
      eventId,
      timestamp === null ? null : new Date(timestamp * 1000),
      contentType?.slice(0, 200) ?? null,
      body.length,
      this.cipher.encrypt(text ?? body.toString('base64'), place),
      text === null,
      ipAddress,
    ]);
    return rows.length > 0;
  }

  private noteFailure({ id, organizationId }: Row, ipAddress: string, reason: FailureReason): void {
    this.failures.note({ organizationId, integrationId: id, ipAddress, reason });
    this.signals.emit({ kind: 'webhook_refused', reason, integrationId: id, organizationId });
  }
}

function secretPlace({ id, organizationId }: { id: string; organizationId: string }, column: string) {
  return { table: 'integrations', column, rowId: id, organizationId };
}

/** The body as text when it is nothing but UTF-8 without NUL; null otherwise. */
function asText(body: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return null;
  }
}
