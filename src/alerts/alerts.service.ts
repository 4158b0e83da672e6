import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Principal } from '../platform/access/principal.js';
import { addSeconds, Clock } from '../platform/clock/clock.js';
import { Config } from '../platform/config/config.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { Database, type Statement, type Transaction } from '../platform/database/database.js';
import { isDatabaseUnavailable } from '../platform/database/database-errors.js';
import type { Alert } from '../platform/database/generated/client.js';
import { notFound } from '../platform/errors/platform.errors.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { beforeInstantCursor, instantKey, toPage, type Page } from '../platform/http/page.js';
import { QUIET_SECONDS, type AlertKind } from './alert-rules.js';
import { toAlertView, type AlertView } from './alert-view.js';
import type { AlertsQuery } from './dto/alerts.dto.js';

/** What is raised. */
export interface RaisedAlert {
  readonly kind: AlertKind;
  /** Null: it concerns the whole installation. */
  readonly organizationId: string | null;
  /** What it is about: a repeat about the same subject is counted, not added. */
  readonly subject: string;
  /** Facts; never a secret. */
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}

const RAISE: Statement = {
  name: 'raise_alert',
  text: `
    INSERT INTO benteng.alerts AS a (id, organization_id, kind, open_key, details, created_at, last_raised_at, next_delivery_at)
    VALUES ($1::uuid, $2::uuid, $3::text, $4::text, $5::jsonb, $6::timestamptz, $6::timestamptz, $7::timestamptz)
    ON CONFLICT (open_key) DO UPDATE SET
      occurrences = a.occurrences + 1, last_raised_at = $6::timestamptz, details = $5::jsonb,
      next_delivery_at = CASE WHEN a.last_raised_at < $8::timestamptz THEN $7::timestamptz ELSE a.next_delivery_at END,
      delivery_attempts = CASE WHEN a.last_raised_at < $8::timestamptz THEN 0 ELSE a.delivery_attempts END
    RETURNING id`,
};

/** Alerts that wait for the database; past this many the newest are lost, and logged. */
const MAX_WAITING = 200;

/** Keeps what somebody should look at: one row for each open problem. */
@Injectable()
export class AlertsService implements OnModuleDestroy {
  private readonly logger = new Logger(AlertsService.name);
  private readonly waiting: RaisedAlert[] = [];
  private flushing: Promise<void> | undefined;

  constructor(
    private readonly database: Database,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly random: RandomSource,
    private readonly events: SecurityEvents,
  ) {}

  /** Stores an alert, inside the caller's transaction if there is one. */
  async raise({ kind, organizationId, subject, details }: RaisedAlert, tx?: Transaction): Promise<void> {
    const now = this.clock.now();
    const openKey = [kind, organizationId ?? 'installation', subject].join('|');
    const nextDeliveryAt = this.config.alertWebhook === null ? null : now;
    await this.database.run(
      RAISE,
      [
        this.random.id(),
        organizationId,
        kind,
        openKey,
        JSON.stringify(details),
        now,
        nextDeliveryAt,
        addSeconds(now, -QUIET_SECONDS),
      ],
      tx,
    );
  }

  /** Stores an alert soon: never delays or fails what noticed it, and waits while the database is away. */
  raiseSoon(alert: RaisedAlert): void {
    if (this.waiting.length < MAX_WAITING) this.waiting.push(alert);
    else this.logger.error(`too many alerts are waiting for the database: one of "${alert.kind}" is lost`);
    // What goes wrong is tried again with the next alert and by the delivery job.
    this.flush().catch(() => undefined);
  }

  /** A stop stores what waits. */
  async onModuleDestroy(): Promise<void> {
    await this.flush().catch((error: unknown) => this.logger.error('alerts are lost with the stop', error));
  }

  /** Stores what waits. @throws while the database is away. */
  flush(): Promise<void> {
    this.flushing ??= this.storeWaiting().finally(() => (this.flushing = undefined));
    return this.flushing;
  }

  /** The alerts the caller may see, newest first: those of the organization, for operators also the installation's. */
  async list(principal: Principal, query: AlertsQuery): Promise<Page<AlertView>> {
    const { limit, cursor, kind, acknowledged } = query;
    const where = {
      AND: [
        { OR: scopesOf(principal) },
        { kind, ...(acknowledged !== undefined && { acknowledgedAt: acknowledged ? { not: null } : null }) },
        beforeInstantCursor(cursor),
      ],
    };
    // What concerns the whole installation belongs to no organization.
    const rows = await this.database.acrossTenants(() =>
      this.database.client.alert.findMany({
        where,
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: limit + 1,
      }),
    );
    return toPage(rows, limit, instantKey, toAlertView);
  }

  /** Takes note of an alert, leaving a trace; again changes nothing. The next problem of its kind is a new alert. @throws NOT_FOUND */
  async acknowledge(principal: Principal, id: string, client: ClientContext): Promise<AlertView> {
    const scopes = scopesOf(principal);
    return this.database.transaction(async (tx) => {
      const [taken] = await this.database.acrossTenants(() =>
        tx.alert.updateManyAndReturn({
          where: { id, OR: scopes, acknowledgedAt: null },
          data: {
            acknowledgedAt: this.clock.now(),
            acknowledgedBy: principal.userId,
            openKey: null,
            nextDeliveryAt: null,
          },
        }),
      );
      if (taken !== undefined) {
        this.recordAcknowledgement(tx, principal, taken, client);
        return toAlertView(taken);
      }
      const earlier = await this.database.acrossTenants(() =>
        tx.alert.findFirst({ where: { id, OR: scopes } }),
      );
      if (earlier === null) throw notFound();
      return toAlertView(earlier);
    });
  }

  private recordAcknowledgement(
    tx: Transaction,
    { organizationId, userId: actorId }: Principal,
    { id: targetId, kind }: Alert,
    client: ClientContext,
  ): void {
    this.events.record(tx, {
      action: 'alert.acknowledged',
      organizationId,
      actorId,
      targetId,
      client,
      details: { kind },
    });
  }

  private async storeWaiting(): Promise<void> {
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
      try {
        await this.raise(next);
      } catch (error) {
        if (isDatabaseUnavailable(error)) throw error;
        this.logger.error(`an alert of "${next.kind}" could not be stored`, error);
      }
      this.waiting.shift();
    }
  }
}

/** Whose alerts the caller may see. */
function scopesOf({ organizationId, isOperator }: Principal): { organizationId: string | null }[] {
  return isOperator ? [{ organizationId }, { organizationId: null }] : [{ organizationId }];
}
