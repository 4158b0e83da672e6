import { Injectable } from '@nestjs/common';
import type { ServicePrincipal } from '../platform/access/principal.js';
import { Database } from '../platform/database/database.js';
import type { Integration } from '../platform/database/generated/client.js';
import { readingWhatCanBe, unreadableFieldsOf } from '../platform/database/unreadable-fields.js';
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

  /** @throws NOT_FOUND; CONFLICT while the integration is disabled, or holds what cannot be decrypted. */
  async read(
    { organizationId, keyId }: ServicePrincipal,
    id: string,
    purpose: string,
    client: ClientContext,
  ): Promise<Credentials> {
    const row = await readingWhatCanBe(() =>
      this.database.client.integration.findFirst({ where: { id, organizationId } }),
    );
    if (row === null) throw notFound();
    if (row.status === 'DISABLED') throw conflict({ detail: 'This integration is disabled.' });
    // Never in part: a service would take what is missing for what was never set.
    const unreadable = unreadableFieldsOf(row).filter((field) => field !== 'previousWebhookSecret');
    if (unreadable.length > 0)
      throw conflict({
        detail: `These cannot be decrypted, and an administrator must set them anew: ${unreadable.join(', ')}.`,
      });
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
