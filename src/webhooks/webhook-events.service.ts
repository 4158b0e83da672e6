import { Injectable } from '@nestjs/common';
import { DEFAULT_SCHEMES } from '../integrations/credential-fields.js';
import { IntegrationsService } from '../integrations/integrations.service.js';
import type { Principal, ServicePrincipal } from '../platform/access/principal.js';
import { Clock } from '../platform/clock/clock.js';
import { Database } from '../platform/database/database.js';
import type { Integration, WebhookEvent } from '../platform/database/generated/client.js';
import { readingWhatCanBe, unreadableFieldsOf } from '../platform/database/unreadable-fields.js';
import { notFound } from '../platform/errors/platform.errors.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { decodeIdCursor, toPage, type Page, type PageRequest } from '../platform/http/page.js';
import type { DeliveredEvent } from './delivered-event.js';
import { deliveredPayload } from './payload.js';
import { WEBHOOK_SCHEMES } from './schemes/index.js';

/** A received event as administrators see it: without its payload. */
export type WebhookEventView = Pick<
  WebhookEvent,
  'id' | 'eventId' | 'sentAt' | 'contentType' | 'bytes' | 'ipAddress' | 'replayedAt'
> & { receivedAt: Date };

/** Bytes of the bodies of one page: what is read into memory at once. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

const SHOWN = {
  id: true,
  eventId: true,
  sentAt: true,
  contentType: true,
  bytes: true,
  ipAddress: true,
  createdAt: true,
  replayedAt: true,
} as const;

/**
 * Hands events to services: each key gets the oldest it has not acknowledged. A service that crashes before it does gets
 * them again, so none is lost; the event's id tells it what it has seen, so none counts twice.
 */
@Injectable()
export class WebhookEventsService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly events: SecurityEvents,
    private readonly integrations: IntegrationsService,
  ) {}

  /** The events of an integration, newest first. @throws NOT_FOUND */
  async list(
    { organizationId }: Principal,
    integrationId: string,
    { limit, cursor }: PageRequest,
  ): Promise<Page<WebhookEventView>> {
    const before = decodeIdCursor(cursor);
    await this.integrations.assertExists(organizationId, integrationId);
    const rows = await this.database.client.webhookEvent.findMany({
      where: { organizationId, integrationId, ...(before !== undefined && { id: { lt: before } }) },
      select: SHOWN,
      orderBy: { id: 'desc' },
      take: limit + 1,
    });
    return toPage(
      rows,
      limit,
      (row) => [row.id],
      ({ createdAt, ...row }) => ({ ...row, receivedAt: createdAt }),
    );
  }

  /**
   * What a service has not acknowledged, oldest first. A page ends early when its bodies would exceed `MAX_PAGE_BYTES`;
   * its cursor says that there is more. @throws NOT_FOUND for an unknown integration.
   */
  async pull(
    { organizationId, keyId: serviceKeyId }: ServicePrincipal,
    { integrationId, limit, cursor }: PageRequest & { integrationId?: string | undefined },
  ): Promise<Page<DeliveredEvent>> {
    const after = decodeIdCursor(cursor);
    if (integrationId !== undefined) await this.integrations.assertExists(organizationId, integrationId);
    const waiting = await this.database.client.webhookEvent.findMany({
      where: {
        organizationId,
        integrationId,
        acknowledgements: { none: { serviceKeyId } },
        ...(after !== undefined && { id: { gt: after } }),
      },
      select: { id: true, bytes: true },
      orderBy: { id: 'asc' },
      take: limit + 1,
    });
    const { items: ids, nextCursor } = toPage(
      waiting,
      Math.min(limit, countFitting(waiting)),
      ({ id }) => [id],
      ({ id }) => id,
    );
    const rows = await readingWhatCanBe(() =>
      this.database.client.webhookEvent.findMany({
        where: { organizationId, id: { in: ids } },
        include: { integration: { select: { provider: true, webhookScheme: true } } },
        orderBy: { id: 'asc' },
      }),
    );
    return { items: rows.map(toDeliveredEvent), nextCursor };
  }

  /** Notes that a service has taken events over; unknown ids and repeats change nothing. @returns how many were new. */
  async acknowledge(
    { organizationId, keyId }: ServicePrincipal,
    ids: readonly string[],
  ): Promise<{ acknowledged: number }> {
    const rows = await this.database.run(
      {
        name: 'acknowledge_webhook_events',
        tenant: 1,
        text: `
          INSERT INTO benteng.webhook_acknowledgements (organization_id, service_key_id, event_id, created_at)
          SELECT $1::uuid, $2::uuid, e.id, $4::timestamptz
          FROM benteng.webhook_events e
          WHERE e.organization_id = $1::uuid AND e.id = ANY ($3::uuid[])
          ON CONFLICT DO NOTHING RETURNING 1 AS new`,
      },
      [organizationId, keyId, [...ids], this.clock.now()],
    );
    return { acknowledged: rows.length };
  }

  /** Has every service get an event again, with the same id. @throws NOT_FOUND */
  async replay(
    { organizationId, userId: actorId }: Principal,
    integrationId: string,
    id: string,
    client: ClientContext,
  ): Promise<void> {
    await this.database.transaction(async (tx) => {
      const { count } = await tx.webhookEvent.updateMany({
        where: { id, organizationId, integrationId },
        data: { replayedAt: this.clock.now() },
      });
      if (count === 0) throw notFound();
      await tx.webhookAcknowledgement.deleteMany({ where: { organizationId, eventId: id } });
      this.events.record(tx, {
        action: 'webhook.replayed',
        organizationId,
        actorId,
        targetId: id,
        client,
        details: { integrationId },
      });
    });
  }
}

/** How many of the first bodies fit a page: one at least. */
function countFitting(waiting: readonly { bytes: number }[]): number {
  let bytes = 0;
  const over = waiting.findIndex((event) => (bytes += event.bytes) > MAX_PAGE_BYTES);
  return over === -1 ? waiting.length : Math.max(1, over);
}

type EventRow = WebhookEvent & { integration: Pick<Integration, 'provider' | 'webhookScheme'> };

function toDeliveredEvent(row: EventRow): DeliveredEvent {
  const { id, integrationId, eventId, sentAt, createdAt, replayedAt, contentType, integration } = row;
  const { provider, webhookScheme } = integration;
  // The scheme may have been changed since the event came.
  const schemes = [WEBHOOK_SCHEMES[webhookScheme], WEBHOOK_SCHEMES[DEFAULT_SCHEMES[provider]]];
  const kept = unreadableFieldsOf(row).includes('payload') ? null : row;
  return {
    id,
    integrationId,
    provider,
    eventId,
    sentAt,
    receivedAt: createdAt,
    replayedAt,
    contentType,
    ...deliveredPayload(
      kept,
      schemes.flatMap(({ secretMembers }) => secretMembers),
    ),
  };
}
