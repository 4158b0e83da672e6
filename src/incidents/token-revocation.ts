import { Injectable } from '@nestjs/common';
import { Database, type Statement } from '../platform/database/database.js';
import { ENCRYPTED_FIELDS } from '../platform/database/encrypted-fields.js';
import type { AffectedIntegration } from './incident-report.js';

/**
 * What a leak means for each encrypted model. `revoked`: the values open something elsewhere and are removed. `encrypted
 * anew`: they open nothing by themselves (a code of the second factor wants a password beside it) or are no secrets of
 * ours to revoke, so a key that is not in the leak is all there is to do. A test holds this list to `ENCRYPTED_FIELDS`.
 */
export const ANSWER_TO_LEAK: Readonly<Record<string, 'revoked' | 'encrypted anew'>> = {
  Integration: 'revoked',
  TotpFactor: 'encrypted anew',
  WebhookEvent: 'encrypted anew',
  ImportPart: 'encrypted anew',
  ImportChunk: 'encrypted anew',
  ImportText: 'encrypted anew',
};

/** Columns of `integrations` that hold secrets: names of the schema, never input. */
const SECRETS = Object.values(ENCRYPTED_FIELDS['Integration']!.columns);
const HAS_SECRET = `(${SECRETS.map((column) => `i.${column} IS NOT NULL`).join(' OR ')})`;

interface WaitingIntegration extends AffectedIntegration {
  readonly hasSecret: boolean;
}

const FIND_INTEGRATIONS: Statement = {
  name: 'leak_affected',
  text: `
    SELECT i.id AS "integrationId", o.id AS "organizationId", o.name AS organization, i.provider::text, i.label,
           ${HAS_SECRET} AS "hasSecret"
    FROM benteng.integrations i JOIN benteng.organizations o ON o.id = i.organization_id
    WHERE i.status = 'ACTIVE' OR ${HAS_SECRET}
    ORDER BY o.name, i.provider, i.id LIMIT $1::int`,
};

/** $1 which, $2 now. */
const REVOKE_INTEGRATIONS: Statement = {
  name: 'leak_integrations',
  text: `
    UPDATE benteng.integrations SET status = 'DISABLED', ${SECRETS.map((column) => `${column} = NULL`).join(', ')},
           previous_webhook_secret_expires_at = NULL, token_expires_at = NULL, updated_at = $2::timestamptz
    WHERE id = ANY ($1::uuid[])
    RETURNING 1 AS done`,
};

/** $1 how many at once. */
const DELETE_SERVICE_KEYS: Statement = {
  name: 'leak_service-keys',
  text: `
    DELETE FROM benteng.service_keys
    WHERE id IN (SELECT id FROM benteng.service_keys ORDER BY id LIMIT $1::int)
    RETURNING 1 AS done`,
};

const BATCH = 500;
const ALL = 2_147_483_647;

/** Revokes what speaks to other systems, or for them. */
@Injectable()
export class TokenRevocation {
  constructor(private readonly database: Database) {}

  /** The integrations that hold a secret now, by organization. */
  async findAffected(): Promise<AffectedIntegration[]> {
    return affectedOf(await this.database.run<WaitingIntegration>(FIND_INTEGRATIONS, [ALL]));
  }

  /**
   * Disables every integration and removes its secrets.
   * @param note told whose secrets are about to be removed, before they are: a kill in between loses nobody.
   * @returns how many.
   */
  async revokeIntegrations(
    now: Date,
    note: (affected: AffectedIntegration[]) => void,
    onBatch: (rows: number) => void,
  ): Promise<number> {
    for (let total = 0; ;) {
      const waiting = await this.database.run<WaitingIntegration>(FIND_INTEGRATIONS, [BATCH]);
      if (waiting.length === 0) return total;
      note(affectedOf(waiting));
      const ids = waiting.map(({ integrationId }) => integrationId);
      const { length } = await this.database.run(REVOKE_INTEGRATIONS, [ids, now]);
      total += length;
      onBatch(length);
    }
  }

  /** Deletes every service key. @returns how many. */
  async deleteServiceKeys(onBatch: (rows: number) => void): Promise<number> {
    for (let total = 0; ;) {
      const { length } = await this.database.run(DELETE_SERVICE_KEYS, [BATCH]);
      total += length;
      onBatch(length);
      if (length < BATCH) return total;
    }
  }
}

function affectedOf(found: readonly WaitingIntegration[]): AffectedIntegration[] {
  return found
    .filter(({ hasSecret }) => hasSecret)
    .map(({ integrationId, organizationId, organization, provider, label }) => ({
      integrationId,
      organizationId,
      organization,
      provider,
      label,
    }));
}
