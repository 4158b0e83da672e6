import { Injectable } from '@nestjs/common';
import type { ServicePrincipal } from '../platform/access/principal.js';
import { ServiceKeyReader } from '../platform/access/service-key-reader.js';
import { Clock } from '../platform/clock/clock.js';
import { Database, type Statement } from '../platform/database/database.js';
import { isAllowedAddress } from '../platform/http/address-ranges.js';
import { hashServiceKey, isServiceKey } from './service-key.js';

interface Row extends ServicePrincipal {
  allowedIps: string[];
}

/**
 * Finds a key that has not expired and notes its use, in steps of a minute. A key speaks for who made it: it opens
 * nothing while they are suspended, no administrator, or gone. One that a command on the server made speaks for itself.
 *
 * $1 hash, $2 now.
 */
const USE_SERVICE_KEY: Statement = {
  name: 'use_service_key',
  text: `
    WITH live AS (
      SELECT k.id, k.organization_id, k.scopes, k.allowed_ips
      FROM benteng.service_keys k
      LEFT JOIN benteng.users u ON u.id = k.created_by AND u.organization_id = k.organization_id
      WHERE k.key_hash = $1::bytea AND (k.expires_at IS NULL OR k.expires_at > $2::timestamptz)
        AND (k.created_by IS NULL OR (u.status = 'ACTIVE' AND u.role = 'ADMIN'))
    ), used AS (
      UPDATE benteng.service_keys k SET last_used_at = $2::timestamptz
      FROM live
      WHERE k.id = live.id AND (k.last_used_at IS NULL OR k.last_used_at < $2::timestamptz - interval '1 minute')
    )
    SELECT id AS "keyId", organization_id AS "organizationId", scopes, allowed_ips AS "allowedIps" FROM live`,
};

/** Which service holds a key: one statement per request, so that a deleted key, or one of somebody suspended, is dead at once. */
@Injectable()
export class ServiceKeyLookup extends ServiceKeyReader {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async findService(key: string, ipAddress: string): Promise<ServicePrincipal | null> {
    if (!isServiceKey(key)) return null;
    const parameters = [hashServiceKey(key), this.clock.now()];
    const [row] = await this.database.run<Row>(USE_SERVICE_KEY, parameters);
    if (row === undefined || !isAllowedAddress(ipAddress, row.allowedIps)) return null;
    const { keyId, organizationId, scopes } = row;
    return { keyId, organizationId, scopes };
  }
}
