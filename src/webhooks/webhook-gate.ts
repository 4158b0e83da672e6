import { Injectable, Logger } from '@nestjs/common';
import { addSeconds, Clock } from '../platform/clock/clock.js';
import { DecryptionError, FieldCipher } from '../platform/crypto/field-cipher.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { BatchedRead } from '../platform/database/batched-read.js';
import { Database, type Statement } from '../platform/database/database.js';
import type { Integration } from '../platform/database/generated/client.js';
import { Signals } from '../platform/events/signals.js';
import { isUuid } from '../platform/validation/uuid.js';
import { isTooDeep, keptPayload } from './payload.js';
import { WEBHOOK_SCHEMES } from './schemes/index.js';
import { hmacOf, type Claim, type Delivery, type EventId } from './schemes/scheme.js';
import { WebhookFailures, type FailureReason } from './webhook-failures.js';
import { WebhookStore } from './webhook-store.js';
import { payloadRefused, signatureRefused } from './webhooks.errors.js';

/** Contract §6. */
const MAX_AGE_SECONDS = 300;

/** The answer to a provider. */
export interface Receipt {
  readonly received: true;
  /** It came before and had its effect then. */
  readonly duplicate: boolean;
}

type Row = Pick<
  Integration,
  'organizationId' | 'status' | 'webhookScheme' | 'webhookSecret' | 'previousWebhookSecret'
> & {
  /** The pair that was asked for. */
  id: string;
  integrationId: string;
  isBlocked: boolean;
};

/**
 * $1 pairs of integration and client address, each as one text; $2 now. The previous secret only while it still works.
 */
const FIND_INTEGRATIONS: Statement = {
  name: 'find_webhook_integrations',
  text: `
    SELECT pair AS id, i.id AS "integrationId", organization_id AS "organizationId", status::text,
           replace(webhook_scheme::text, '-', '_') AS "webhookScheme", webhook_secret AS "webhookSecret",
           CASE WHEN previous_webhook_secret_expires_at > $2::timestamptz THEN previous_webhook_secret END
             AS "previousWebhookSecret",
           EXISTS (SELECT FROM benteng.blocked_addresses b
                   WHERE (b.organization_id = i.organization_id OR b.organization_id IS NULL)
                     AND b.expires_at > $2::timestamptz AND split_part(pair, ' ', 2)::inet <<= b.range) AS "isBlocked"
    FROM unnest($1::text[]) AS pair JOIN benteng.integrations i ON i.id = split_part(pair, ' ', 1)::uuid`,
};

/**
 * The one gate for what platforms push: finds out whether a delivery is genuine, and keeps it exactly once (L-S9, L-0.2).
 * Unknown, disabled, blocked and wrongly signed deliveries get the same answer after the same work.
 */
@Injectable()
export class WebhookGate {
  private readonly logger = new Logger(WebhookGate.name);
  /** What an integration without a secret, or none at all, is checked against: nobody knows it. */
  private readonly decoy: { row: Row; secret: string };

  private readonly integrations: BatchedRead<Row>;

  constructor(
    database: Database,
    private readonly store: WebhookStore,
    private readonly cipher: FieldCipher,
    private readonly clock: Clock,
    private readonly random: RandomSource,
    private readonly failures: WebhookFailures,
    private readonly signals: Signals,
  ) {
    this.integrations = new BatchedRead(database, FIND_INTEGRATIONS, () => [clock.now()]);
    const [id, organizationId] = [random.id(), random.id()];
    const secret = random.bytes(32).toString('base64');
    const row: Row = {
      id: '',
      integrationId: id,
      organizationId,
      status: 'DISABLED',
      webhookScheme: 'standard',
      webhookSecret: cipher.encrypt(
        secret,
        secretPlace({ integrationId: id, organizationId }, 'webhook_secret'),
      ),
      previousWebhookSecret: null,
      isBlocked: false,
    };
    this.decoy = { row, secret };
  }

  /**
   * @throws UNAUTHENTICATED, for whatever reason it is not genuine; MALFORMED_BODY for a genuine one that cannot be handed
   * over. Nothing is kept then.
   */
  async receive(
    integrationId: string,
    delivery: Delivery,
    client: { contentType: string | undefined; ipAddress: string },
  ): Promise<Receipt> {
    const now = this.clock.now();
    const known = isUuid(integrationId) ? integrationId.toLowerCase() : this.decoy.row.integrationId;
    const found = await this.integrations.find(`${known} ${client.ipAddress}`);
    const row = found ?? this.decoy.row;
    const { reason, claim } = this.judge(row, delivery, now);
    if (claim === null) {
      if (found !== undefined) this.noteFailure(found, client.ipAddress, reason);
      throw signatureRefused();
    }
    const { eventId } = claim;
    if (eventId === null || isTooDeep(delivery.body)) {
      const fault = eventId === null ? 'ambiguous_id' : 'too_deep';
      this.noteFailure(row, client.ipAddress, fault);
      throw payloadRefused(fault);
    }
    return { received: true, duplicate: !(await this.keep(row, delivery, eventId, claim, client, now)) };
  }

  /** Does all the work before it says no, so that the time does not tell why. */
  private judge(
    row: Row,
    delivery: Delivery,
    now: Date,
  ): { reason: null; claim: Claim } | { reason: FailureReason; claim: null } {
    const claim = WEBHOOK_SCHEMES[row.webhookScheme].read(delivery);
    const { secrets, isReadable } = this.secretsOf(row);
    // Without a claim the body is signed all the same, so that a long one takes its time for unknown integrations too.
    const isSigned =
      claim === null
        ? hmacOf(this.decoy.secret, delivery.body) === null
        : secrets.map((secret) => claim.isSignedWith(secret)).includes(true);
    const refuse = (reason: FailureReason) => ({ reason, claim: null });
    if (row.isBlocked) return refuse('blocked');
    if (row.status !== 'ACTIVE') return refuse('disabled');
    if (row.webhookSecret === null) return refuse('no_secret');
    if (!isReadable) return refuse('unreadable_secret');
    if (claim === null) return refuse('malformed');
    if (!isSigned) return refuse('wrong_signature');
    if (claim.timestamp !== null && Math.abs(now.getTime() / 1000 - claim.timestamp) > MAX_AGE_SECONDS)
      return refuse('wrong_time');
    return { reason: null, claim };
  }

  /** The secrets that work; a decoy stands for a missing one, and for those that cannot be decrypted. */
  private secretsOf(row: Row): { secrets: string[]; isReadable: boolean } {
    const secrets: string[] = [];
    let isReadable = true;
    for (const [column, envelope] of [
      ['webhook_secret', row.webhookSecret],
      ['previous_webhook_secret', row.previousWebhookSecret],
    ] as const) {
      if (envelope === null) continue;
      try {
        secrets.push(this.cipher.decrypt(envelope, secretPlace(row, column)));
      } catch (error) {
        if (!(error instanceof DecryptionError)) throw error;
        this.logger.error(error.message);
        this.signals.emit({ kind: 'decrypt_failed', reason: error.reason, ...error.place });
        isReadable = false;
      }
    }
    return secrets.length === 0
      ? { secrets: [this.decoy.secret], isReadable }
      : { secrets, isReadable: true };
  }

  /** @returns false when it was kept before. */
  private async keep(
    row: Row,
    { body }: Delivery,
    eventId: EventId,
    { timestamp }: Claim,
    { contentType, ipAddress }: { contentType: string | undefined; ipAddress: string },
    now: Date,
  ): Promise<boolean> {
    const id = this.random.id();
    const { organizationId } = row;
    const scheme = WEBHOOK_SCHEMES[row.webhookScheme];
    const { payload, isBinary } = keptPayload(body, scheme);
    const place = { table: 'webhook_events', column: 'payload', rowId: id, organizationId };
    return this.store.keep({
      id,
      organizationId,
      integrationId: row.integrationId,
      idHash: eventId.hash,
      eventId: eventId.text,
      rememberUntil: addSeconds(now, scheme.rememberSeconds),
      sentAt: timestamp === null ? null : new Date(timestamp * 1000),
      contentType: contentType?.slice(0, 200) ?? null,
      bytes: body.length,
      payload: this.cipher.encrypt(payload, place),
      isBinary,
      ipAddress,
      receivedAt: now,
    });
  }

  private noteFailure(
    { integrationId, organizationId }: Row,
    ipAddress: string,
    reason: FailureReason,
  ): void {
    this.failures.note({ organizationId, integrationId, ipAddress, reason });
    this.signals.emit({ kind: 'webhook_refused', reason, integrationId, organizationId });
  }
}

function secretPlace(
  { integrationId, organizationId }: { integrationId: string; organizationId: string },
  column: string,
) {
  return { table: 'integrations', column, rowId: integrationId, organizationId };
}
