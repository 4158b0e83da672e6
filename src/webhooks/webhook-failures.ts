import { Injectable, Logger } from '@nestjs/common';
import { IntegrationsService } from '../integrations/integrations.service.js';
import { Clock } from '../platform/clock/clock.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { Database, type Statement } from '../platform/database/database.js';
import type { WebhookFailure } from '../platform/database/generated/client.js';
import { decodeIdCursor, toPage, type Page, type PageRequest } from '../platform/http/page.js';
import { Jobs } from '../platform/jobs/jobs.js';

/** Why a delivery was refused; for administrators, never for the sender. */
export type FailureReason =
  | 'blocked'
  | 'disabled'
  | 'no_secret'
  | 'unreadable_secret'
  | 'malformed'
  | 'wrong_signature'
  | 'wrong_time'
  | 'too_deep'
  | 'ambiguous_id';

/** A refused delivery. */
export interface NotedFailure {
  readonly organizationId: string;
  readonly integrationId: string;
  readonly ipAddress: string;
  readonly reason: FailureReason;
}

/** The same from one address for one reason, counted. */
interface CountedFailure extends NotedFailure {
  readonly occurrences: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
}

/** Refused deliveries as administrators see them. */
export type FailureView = Pick<WebhookFailure, 'id' | 'ipAddress' | 'reason' | 'occurrences' | 'lastAt'> & {
  firstAt: Date;
};

const FLUSH_SECONDS = 5;
/** Counts that wait in memory at most; past it, further addresses are counted as one. */
const MAX_WAITING = 1000;

/** Of several organizations at once; an integration that was deleted meanwhile takes its failures with it. */
const KEEP_FAILURES: Statement = {
  name: 'keep_webhook_failures',
  text: `
    INSERT INTO benteng.webhook_failures
      (id, organization_id, integration_id, ip_address, reason, occurrences, created_at, last_at)
    SELECT f.id, f."organizationId", f."integrationId", f."ipAddress", f.reason, f.occurrences, f."firstAt", f."lastAt"
    FROM jsonb_to_recordset($1::jsonb) AS f (
      id uuid, "organizationId" uuid, "integrationId" uuid, "ipAddress" text, reason text, occurrences int,
      "firstAt" timestamptz, "lastAt" timestamptz)
    JOIN benteng.integrations i ON i.id = f."integrationId"
    RETURNING id`,
};

/**
 * Counts refused deliveries, so that an administrator sees why nothing arrives. Written apart from the request, some
 * seconds later: a refusal costs the sender the same whether the integration exists or not. A crash loses those seconds.
 */
@Injectable()
export class WebhookFailures {
  private readonly logger = new Logger(WebhookFailures.name);
  private waiting = new Map<string, CountedFailure>();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly random: RandomSource,
    private readonly integrations: IntegrationsService,
    jobs: Jobs,
  ) {
    jobs.add({ name: 'webhook failures', everySeconds: FLUSH_SECONDS, run: () => this.flush() });
  }

  note(failure: NotedFailure): void {
    const now = this.clock.now();
    const ipAddress = this.waiting.size >= MAX_WAITING ? 'many' : failure.ipAddress;
    this.add({ ...failure, ipAddress, occurrences: 1, firstAt: now, lastAt: now });
  }

  /** Refusals of an integration in the last day, newest first. @throws NOT_FOUND */
  async list(
    organizationId: string,
    integrationId: string,
    { limit, cursor }: PageRequest,
  ): Promise<Page<FailureView>> {
    const before = decodeIdCursor(cursor);
    await this.integrations.assertExists(organizationId, integrationId);
    await this.flush();
    const rows = await this.database.client.webhookFailure.findMany({
      where: { organizationId, integrationId, ...(before !== undefined && { id: { lt: before } }) },
      orderBy: { id: 'desc' },
      take: limit + 1,
    });
    return toPage(
      rows,
      limit,
      (row) => [row.id],
      ({ id, ipAddress, reason, occurrences, createdAt, lastAt }) => ({
        id,
        ipAddress,
        reason,
        occurrences,
        firstAt: createdAt,
        lastAt,
      }),
    );
  }

  /** Writes what waits; what cannot be written waits on. */
  async flush(): Promise<void> {
    const taken = this.waiting;
    if (taken.size === 0) return;
    this.waiting = new Map();
    const rows = [...taken.values()].map((failure) => ({ id: this.random.id(), ...failure }));
    try {
      await this.database.run(KEEP_FAILURES, [JSON.stringify(rows)]);
    } catch (error) {
      this.logger.warn(`refused deliveries could not be written yet: ${(error as Error).message}`);
      for (const failure of taken.values()) this.add(failure);
    }
  }

  /** Counts failures of one kind together. */
  private add(failure: CountedFailure): void {
    const { integrationId, ipAddress, reason, occurrences, firstAt, lastAt } = failure;
    const key = `${integrationId} ${ipAddress} ${reason}`;
    const known = this.waiting.get(key);
    if (known === undefined) {
      if (this.waiting.size < 2 * MAX_WAITING) this.waiting.set(key, failure);
      return;
    }
    this.waiting.set(key, {
      ...known,
      occurrences: known.occurrences + occurrences,
      firstAt: known.firstAt < firstAt ? known.firstAt : firstAt,
      lastAt: known.lastAt > lastAt ? known.lastAt : lastAt,
    });
  }
}
