import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database/database.js';
import { APPEND_EVENT, eventParameters } from '../platform/events/event-chain.js';
import type { SecurityEvent } from '../platform/events/security-event.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { deviceNameOf } from '../platform/identity/device-name.js';
import type { OwnUserView } from '../users/user-view.js';

/** Leaves a trace of a sign-in from a browser that its owner had not used before; the notice follows from it. */
@Injectable()
export class NewDevices {
  constructor(
    private readonly database: Database,
    private readonly events: SecurityEvents,
  ) {}

  async report({ id, organization }: OwnUserView, client: ClientContext): Promise<void> {
    const event: SecurityEvent = {
      action: 'session.new_device',
      organizationId: organization.id,
      actorId: id,
      targetId: id,
      client,
      details: { device: deviceNameOf(client.userAgent) },
    };
    const row = this.events.toRow(event);
    await this.database.run(APPEND_EVENT, eventParameters(row));
    await this.events.announce({ event, row });
  }
}
