import { Injectable } from '@nestjs/common';
import type { Principal } from '../platform/access/principal.js';
import { Database } from '../platform/database/database.js';
import type { SecurityEvent } from '../platform/database/generated/client.js';
import { beforeInstantCursor, instantKey, toPage, type Page } from '../platform/http/page.js';
import type { EventsQuery } from './dto/audit.dto.js';

/** An event as administrators see it. */
export interface SecurityEventView extends Omit<SecurityEvent, 'organizationId' | 'sequence' | 'hash'> {
  /** Place in the organization's chain. */
  sequence: number;
  /** Hexadecimal. */
  hash: string;
}

/** Reads the trail of security events. */
@Injectable()
export class EventTrail {
  constructor(private readonly database: Database) {}

  /** The events of the organization, newest first. */
  async list({ organizationId }: Principal, query: EventsQuery): Promise<Page<SecurityEventView>> {
    const { action, actorId, targetId, from, to, cursor, limit } = query;
    const rows = await this.database.client.securityEvent.findMany({
      where: {
        AND: [
          { organizationId, action, actorId, targetId, createdAt: { gte: from, lt: to } },
          beforeInstantCursor(cursor),
        ],
      },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit + 1,
    });
    return toPage(rows, limit, instantKey, toView);
  }
}

function toView(row: SecurityEvent): SecurityEventView {
  const { id, sequence, action, actorId, targetId, ipAddress, requestId, details, createdAt, hash } = row;
  return {
    id,
    sequence: Number(sequence),
    action,
    actorId,
    targetId,
    ipAddress,
    requestId,
    details,
    createdAt,
    hash: Buffer.from(hash).toString('hex'),
  };
}
