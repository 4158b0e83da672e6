import { Injectable } from '@nestjs/common';
import type { Principal } from '../platform/access/principal.js';
import { addSeconds, Clock } from '../platform/clock/clock.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { Database } from '../platform/database/database.js';
import type { BlockedAddress } from '../platform/database/generated/client.js';
import { notFound } from '../platform/errors/platform.errors.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { decodeIdCursor, toPage, type Page, type PageRequest } from '../platform/http/page.js';
import type { BlockAddressDto } from './dto/webhooks.dto.js';

export type BlockedAddressView = Pick<
  BlockedAddress,
  'id' | 'reason' | 'createdBy' | 'createdAt' | 'expiresAt'
> & { address: string };

/** Refuses deliveries from an address for a while (L-6.2). An organization blocks for itself, the operator for all. */
@Injectable()
export class BlockedAddressesService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly random: RandomSource,
    private readonly events: SecurityEvents,
  ) {}

  /** Blocks an address or range for the integrations of the own organization. */
  async block(
    { organizationId, userId: actorId }: Principal,
    { address, seconds, reason }: BlockAddressDto,
    client: ClientContext,
  ): Promise<BlockedAddressView> {
    const now = this.clock.now();
    const data = {
      id: this.random.id(),
      organizationId,
      range: address,
      reason,
      createdBy: actorId,
      createdAt: now,
      expiresAt: addSeconds(now, seconds),
    };
    return this.database.transaction(async (tx) => {
      const row = await tx.blockedAddress.create({ data });
      this.events.record(tx, {
        action: 'address.blocked',
        organizationId,
        actorId,
        targetId: row.id,
        client,
        details: { address, seconds, reason },
      });
      return toView(row);
    });
  }

  /** Blocks an address or range for every integration of the installation. */
  async blockEverywhere({ address, seconds, reason }: BlockAddressDto): Promise<BlockedAddressView> {
    const now = this.clock.now();
    const data = {
      id: this.random.id(),
      organizationId: null,
      range: address,
      reason,
      createdAt: now,
      expiresAt: addSeconds(now, seconds),
    };
    // It is about no single organization.
    return toView(
      await this.database.acrossTenants(() => this.database.client.blockedAddress.create({ data })),
    );
  }

  /** What is blocked now, newest first. */
  async list(
    { organizationId }: Principal,
    { limit, cursor }: PageRequest,
  ): Promise<Page<BlockedAddressView>> {
    const before = decodeIdCursor(cursor);
    const rows = await this.database.client.blockedAddress.findMany({
      where: {
        organizationId,
        expiresAt: { gt: this.clock.now() },
        ...(before !== undefined && { id: { lt: before } }),
      },
      orderBy: { id: 'desc' },
      take: limit + 1,
    });
    return toPage(rows, limit, (row) => [row.id], toView);
  }

  /** Lets an address through again. @throws NOT_FOUND */
  async unblock(
    { organizationId, userId: actorId }: Principal,
    id: string,
    client: ClientContext,
  ): Promise<void> {
    await this.database.transaction(async (tx) => {
      const { count } = await tx.blockedAddress.deleteMany({ where: { id, organizationId } });
      if (count === 0) throw notFound();
      this.events.record(tx, { action: 'address.unblocked', organizationId, actorId, targetId: id, client });
    });
  }
}

function toView({ id, range, reason, createdBy, createdAt, expiresAt }: BlockedAddress): BlockedAddressView {
  return { id, address: range, reason, createdBy, createdAt, expiresAt };
}
