import { Injectable, Logger } from '@nestjs/common';
import { addSeconds, Clock } from '../platform/clock/clock.js';
import { Config } from '../platform/config/config.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { Database, type Statement, type Transaction } from '../platform/database/database.js';
import type { Notice } from '../platform/database/generated/client.js';
import { SecurityEvents, type RecordedEvent } from '../platform/events/security-events.js';
import { deviceNameOf } from '../platform/identity/device-name.js';
import { Jobs } from '../platform/jobs/jobs.js';
import { retryAt } from '../platform/jobs/retry.js';
import { Mailer } from '../platform/mail/mailer.js';
import { Signals } from '../platform/events/signals.js';
import { noticeOf, tellsWhere } from './notice-rules.js';
import { writeNotice, type Locale, type NoticeKind } from './notice-texts.js';

const EVERY_SECONDS = 5;
const BATCH = 50;
/** A notice this old helps nobody. */
const GIVE_UP_SECONDS = 86_400;

/** $1 id, $2 organization, $3 user, $4 kind, $5 details, $6 now. */
const ADD_NOTICE: Statement = {
  name: 'add_notice',
  tenant: 2,
  text: `
    INSERT INTO benteng.notices (id, organization_id, user_id, kind, email, locale, details, created_at, next_attempt_at)
    SELECT $1::uuid, u.organization_id, u.id, $4::text, u.email, u.locale,
           $5::jsonb, $6::timestamptz, $6::timestamptz
    FROM benteng.users u WHERE u.id = $3::uuid AND u.organization_id = $2::uuid
    RETURNING id`,
};

interface Details {
  device: string | null;
  ipAddress: string | null;
}

/**
 * Tells people by mail what happened to their account. A notice is a row, written with the transaction of the act, and is
 * sent later: sending never delays or fails a request, and none is lost when the mail server is away.
 */
@Injectable()
export class NoticesService {
  private readonly logger = new Logger(NoticesService.name);

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly random: RandomSource,
    private readonly mailer: Mailer,
    private readonly config: Config,
    private readonly signals: Signals,
    events: SecurityEvents,
    jobs: Jobs,
  ) {
    events.addConsequence((tx, recorded) => this.onEvent(tx, recorded));
    jobs.add({ name: 'notices', everySeconds: EVERY_SECONDS, run: (stop) => this.sendDue(stop) });
  }

  private async onEvent(tx: Transaction, { event, row }: RecordedEvent): Promise<void> {
    const kind = noticeOf(event);
    if (kind === null || row.targetId === null) return;
    const details = tellsWhere(kind)
      ? { device: deviceNameOf(event.client?.userAgent ?? null), ipAddress: row.ipAddress }
      : { device: null, ipAddress: null };
    await this.database.run(
      ADD_NOTICE,
      [this.random.id(), row.organizationId, row.targetId, kind, JSON.stringify(details), row.createdAt],
      tx,
    );
  }

  private async sendDue(stop: AbortSignal): Promise<void> {
    const due = await this.database.acrossTenants(() =>
      this.database.client.notice.findMany({
        where: { nextAttemptAt: { lte: this.clock.now() } },
        orderBy: { nextAttemptAt: 'asc' },
        take: BATCH,
      }),
    );
    for (const notice of due) {
      if (stop.aborted) return;
      await this.sendOne(notice);
    }
  }

  private async sendOne(notice: Notice): Promise<void> {
    const now = this.clock.now();
    if (!this.mailer.isConfigured) {
      this.logger.log(
        `notice "${notice.kind}" for user ${notice.userId}: SMTP_URL is not set, nothing was sent`,
      );
      await this.note(notice, { nextAttemptAt: null, sentAt: null });
      return;
    }
    try {
      const { device, ipAddress } = notice.details as unknown as Details;
      const facts = { at: notice.createdAt, device, ipAddress };
      const mail = writeNotice(notice.kind as NoticeKind, notice.locale as Locale, facts);
      const messageId = `<${notice.id}@${new URL(this.config.publicUrl).hostname}>`;
      await this.mailer.send({ to: notice.email, messageId, ...mail });
      await this.note(notice, { nextAttemptAt: null, sentAt: now });
    } catch (error) {
      await this.fail(notice, now, error as Error);
    }
  }

  private async fail(notice: Notice, now: Date, error: Error): Promise<void> {
    this.signals.emit({ kind: 'delivery_failed', service: 'mail' });
    const attempts = notice.attempts + 1;
    const isTooOld = addSeconds(notice.createdAt, GIVE_UP_SECONDS) <= now;
    // The server's words may repeat the address; its code does not.
    const code =
      (error as { responseCode?: number; code?: string }).responseCode ?? (error as { code?: string }).code;
    this.logger.warn(
      `notice ${notice.id} was not sent (attempt ${attempts}${isTooOld ? ', given up' : ''}): ${code ?? error.name}`,
    );
    await this.note(notice, {
      attempts,
      nextAttemptAt: isTooOld ? null : retryAt(now, attempts, this.random),
    });
  }

  private async note(
    { id, organizationId }: Notice,
    data: Partial<Pick<Notice, 'attempts' | 'nextAttemptAt' | 'sentAt'>>,
  ) {
    await this.database.client.notice.updateMany({ where: { id, organizationId }, data });
  }
}
