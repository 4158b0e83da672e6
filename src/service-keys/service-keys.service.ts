import { Injectable } from '@nestjs/common';
import type { Principal } from '../platform/access/principal.js';
import { Clock } from '../platform/clock/clock.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { Database } from '../platform/database/database.js';
import type { ServiceKey } from '../platform/database/generated/client.js';
import { notFound, validationFailed } from '../platform/errors/platform.errors.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { decodeIdCursor, toPage, type Page, type PageRequest } from '../platform/http/page.js';
import type { CreateServiceKeyDto } from './dto/service-key.dto.js';
import { createServiceKey, hashServiceKey, hintOf } from './service-key.js';

/** A key as people see it: never the key itself, never its hash. */
export type ServiceKeyView = Omit<ServiceKey, 'keyHash' | 'organizationId' | 'organization'>;

/** Keys for the operator's own services; several live side by side while one takes over from another. */
@Injectable()
export class ServiceKeysService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly random: RandomSource,
    private readonly events: SecurityEvents,
  ) {}

  /** Makes a key, shown this once. @throws VALIDATION_FAILED when it would have expired already. */
  async create(
    { organizationId, userId }: Principal,
    { name, scopes, expiresAt, allowedIps }: CreateServiceKeyDto,
    client: ClientContext,
  ): Promise<ServiceKeyView & { key: string }> {
    const now = this.clock.now();
    if (expiresAt !== undefined && expiresAt <= now) {
      const message = 'expiresAt must be in the future';
      throw validationFailed({ errors: [{ field: 'expiresAt', code: 'too_early', message }] });
    }
    const key = createServiceKey(this.random);
    const row = {
      id: this.random.id(),
      organizationId,
      name,
      keyHash: hashServiceKey(key),
      hint: hintOf(key),
      scopes,
      allowedIps: allowedIps ?? [],
      expiresAt: expiresAt ?? null,
      createdBy: userId,
      createdAt: now,
    };
    const created = await this.database.transaction(async (tx) => {
      this.events.record(tx, {
        action: 'service_key.created',
        organizationId,
        actorId: userId,
        targetId: row.id,
        client,
        details: { name, scopes, hint: row.hint },
      });
      return tx.serviceKey.create({ data: row });
    });
    return { key, ...toServiceKeyView(created) };
  }

  /** The keys of the organization, newest first; expired ones too, until they are deleted. */
  async list({ organizationId }: Principal, { limit, cursor }: PageRequest): Promise<Page<ServiceKeyView>> {
    const before = decodeIdCursor(cursor);
    const rows = await this.database.client.serviceKey.findMany({
      where: { organizationId, ...(before !== undefined && { id: { lt: before } }) },
      orderBy: { id: 'desc' },
      take: limit + 1,
    });
    return toPage(rows, limit, (row) => [row.id], toServiceKeyView);
  }

  /** Ends a key at once. @throws NOT_FOUND */
  async remove({ organizationId, userId }: Principal, id: string, client: ClientContext): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [removed] = await this.database.forTenant(
        organizationId,
        () => tx.$queryRaw<{ name: string; hint: string }[]>`
        DELETE FROM benteng.service_keys WHERE id = ${id}::uuid AND organization_id = ${organizationId}::uuid
        RETURNING name, hint`,
      );
      if (removed === undefined) throw notFound();
      this.events.record(tx, {
        action: 'service_key.deleted',
        organizationId,
        actorId: userId,
        targetId: id,
        client,
        details: { name: removed.name, hint: removed.hint },
      });
    });
  }
}

function toServiceKeyView({
  id,
  name,
  hint,
  scopes,
  allowedIps,
  expiresAt,
  lastUsedAt,
  createdBy,
  createdAt,
}: ServiceKey): ServiceKeyView {
  return { id, name, hint, scopes, allowedIps, expiresAt, lastUsedAt, createdBy, createdAt };
}
