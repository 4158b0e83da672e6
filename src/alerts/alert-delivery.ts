import { Injectable, Logger } from '@nestjs/common';
import { Webhook } from 'standardwebhooks';
import { Clock } from '../platform/clock/clock.js';
import { Config } from '../platform/config/config.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { Database } from '../platform/database/database.js';
import type { Alert } from '../platform/database/generated/client.js';
import { Signals } from '../platform/events/signals.js';
import { Jobs } from '../platform/jobs/jobs.js';
import { retryAt } from '../platform/jobs/retry.js';
import { toAlertView } from './alert-view.js';
import { AlertsService } from './alerts.service.js';
import { ForbiddenAddressError, postWebhook } from './webhook-sender.js';

const EVERY_SECONDS = 5;
const BATCH = 20;
/** Half a day or more with the pauses of `retryAt`. */
const MAX_ATTEMPTS = 20;

/** Sends alerts to ALERT_WEBHOOK_URL as signed Standard Webhooks, again and again until they are taken. */
@Injectable()
export class AlertDelivery {
  private readonly logger = new Logger(AlertDelivery.name);

  constructor(
    private readonly database: Database,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly random: RandomSource,
    private readonly alerts: AlertsService,
    private readonly signals: Signals,
    jobs: Jobs,
  ) {
    jobs.add({ name: 'alert delivery', everySeconds: EVERY_SECONDS, run: (stop) => this.deliver(stop) });
  }

  private async deliver(stop: AbortSignal): Promise<void> {
    await this.alerts.flush();
    if (this.config.alertWebhook === null) return;
    const due = await this.database.acrossTenants(() =>
      this.database.client.alert.findMany({
        where: { nextDeliveryAt: { lte: this.clock.now() } },
        orderBy: { nextDeliveryAt: 'asc' },
        take: BATCH,
      }),
    );
    for (const alert of due) {
      if (stop.aborted) return;
      await this.deliverOne(alert, this.config.alertWebhook);
    }
  }

  private async deliverOne(
    alert: Alert,
    { url, secret, allowPrivate }: NonNullable<Config['alertWebhook']>,
  ): Promise<void> {
    const body = JSON.stringify({
      type: 'alert.raised',
      timestamp: alert.lastRaisedAt,
      data: { ...toAlertView(alert), organizationId: alert.organizationId },
    });
    try {
      await postWebhook(url, this.headersOf(alert, secret, body), body, allowPrivate);
      await this.note(alert, { deliveredAt: this.clock.now(), nextDeliveryAt: null });
    } catch (error) {
      await this.fail(alert, error);
    }
  }

  /** The id stays the same until the message was taken, so that a receiver can recognise a repeat. */
  private headersOf({ id, deliveredAt }: Alert, secret: string, body: string): Record<string, string> {
    const messageId = `${id}.${deliveredAt?.getTime() ?? 0}`;
    const now = this.clock.now();
    return {
      'Content-Type': 'application/json',
      'User-Agent': 'Benteng',
      'webhook-id': messageId,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(messageId, now, body),
    };
  }

  private async fail(alert: Alert, error: unknown): Promise<void> {
    this.signals.emit({ kind: 'delivery_failed', service: 'alert_webhook' });
    const attempts = alert.deliveryAttempts + 1;
    const isHopeless = error instanceof ForbiddenAddressError || attempts >= MAX_ATTEMPTS;
    const nextDeliveryAt = isHopeless ? null : retryAt(this.clock.now(), attempts, this.random);
    this.logger.warn(
      `alert ${alert.id} was not delivered (attempt ${attempts}${isHopeless ? ', given up' : ''}): ${(error as Error).message}`,
    );
    await this.note(alert, { deliveryAttempts: attempts, nextDeliveryAt });
  }

  /** Only as long as nothing newer was raised or acknowledged meanwhile. */
  private async note({ id, lastRaisedAt, nextDeliveryAt }: Alert, data: Partial<Alert>): Promise<void> {
    const { deliveredAt, deliveryAttempts, nextDeliveryAt: next } = data;
    await this.database.acrossTenants(() =>
      this.database.client.alert.updateMany({
        where: { id, nextDeliveryAt, lastRaisedAt: { gte: lastRaisedAt } },
        data: { deliveredAt, deliveryAttempts, nextDeliveryAt: next },
      }),
    );
  }
}
