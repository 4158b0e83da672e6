import type { Integration } from '../platform/database/generated/client.js';
import type { Page } from '../platform/http/page.js';
import type { DeliveredPayload } from './payload.js';

/** An event as services get it, beside its payload. */
export interface DeliveredEvent extends DeliveredPayload {
  id: string;
  integrationId: string;
  provider: Integration['provider'];
  eventId: string;
  sentAt: Date | null;
  receivedAt: Date;
  replayedAt: Date | null;
  contentType: string | null;
}

/** The answer as JSON. A JSON payload stands in it as it came: made anew, numbers of 19 digits would be rounded. */
export function writeDeliveredEvents({ items, nextCursor }: Page<DeliveredEvent>): string {
  const events = items.map(
    ({ payloadJson, ...event }) => `${JSON.stringify(event).slice(0, -1)},"payload":${payloadJson}}`,
  );
  return `{"items":[${events.join(',')}],"nextCursor":${JSON.stringify(nextCursor)}}`;
}
