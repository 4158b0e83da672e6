import { Injectable } from '@nestjs/common';
import type { ServicePrincipal } from '../platform/access/principal.js';
import { Database } from '../platform/database/database.js';
import type { Integration } from '../platform/database/generated/client.js';
import { conflict, notFound } from '../platform/errors/platform.errors.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';

/** The plaintext of an integration's secrets, for one of the operator's services. */
export type Credentials = Pick<
  Integration,
  'provider' | 'accessToken' | 'refreshToken' | 'apiKey' | 'webhookSecret' | 'config' | 'tokenExpiresAt'
> & { integrationId: string };

/** Hands out plaintext, each time leaving a trace first: no trace, no secret. */
@Injectable()
export class CredentialsReader {
  constructor(
    private readonly database: Database,
    private readonly events: SecurityEvents,
  ) {}

  /** @throws NOT_FOUND; CONFLICT while the integration is disabled. */
  async read(
    { organizationId, keyId }: ServicePrincipal,
    id: string,
    purpose: string,
    client: ClientContext,
  ): Promise<Credentials> {
    const row = await this.database.client.integration.findFirst({ where: { id, organizationId } });
    if (row === null) throw notFound();
    if (row.status === 'DISABLED') throw conflict({ detail: 'This integration is disabled.' });
    await this.events.write({
      action: 'credentials.read',
      organizationId,
      actorId: keyId,
      targetId: id,
      client,
      details: { purpose },
    });
    const { provider, accessToken, refreshToken, apiKey, webhookSecret, config, tokenExpiresAt } = row;
    return {
      integrationId: id,
      provider,
      accessToken,
      refreshToken,
      apiKey,
      webhookSecret,
      config,
      tokenExpiresAt,
    };
  }
}
