import { Injectable } from '@nestjs/common';
import type { Principal } from '../platform/access/principal.js';
import { addSeconds, Clock } from '../platform/clock/clock.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { Database, type Transaction } from '../platform/database/database.js';
import type { Integration, Prisma } from '../platform/database/generated/client.js';
import { readingWhatCanBe } from '../platform/database/unreadable-fields.js';
import { notFound } from '../platform/errors/platform.errors.js';
import type { SecurityAction } from '../platform/events/security-event.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { decodeIdCursor, toPage, type Page } from '../platform/http/page.js';
import { CREDENTIAL_FIELDS, DEFAULT_SCHEMES } from './credential-fields.js';
import type {
  CreateIntegrationDto,
  ListIntegrationsQuery,
  UpdateIntegrationDto,
} from './dto/integration.dto.js';
import { toIntegrationView, type IntegrationView } from './integration-view.js';
import { assertWebhookSecret } from './webhook-secret.js';

/** Keeps the tokens of connected platforms; the client encrypts them before they are written (D-4, L-S1.1). */
@Injectable()
export class IntegrationsService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly random: RandomSource,
    private readonly events: SecurityEvents,
  ) {}

  async create(
    principal: Principal,
    input: CreateIntegrationDto,
    client: ClientContext,
  ): Promise<IntegrationView> {
    const now = this.clock.now();
    const { config, webhookScheme = DEFAULT_SCHEMES[input.provider], ...fields } = input;
    assertWebhookSecret(webhookScheme, input.webhookSecret ?? null);
    return this.database.transaction(async (tx) => {
      const row = await tx.integration.create({
        data: {
          id: this.random.id(),
          organizationId: principal.organizationId,
          ...fields,
          ...instantsOf(input, now),
          webhookScheme,
          ...(config !== undefined && { config: config as Prisma.InputJsonObject }),
          createdAt: now,
        },
      });
      this.record(tx, 'integration.created', principal, row.id, client, {
        provider: row.provider,
        label: row.label,
        fields: givenFields(input),
      });
      return toIntegrationView(row);
    });
  }

  /** The integrations of the organization, newest first. */
  async list(
    { organizationId }: Principal,
    { limit, cursor, provider, status }: ListIntegrationsQuery,
  ): Promise<Page<IntegrationView>> {
    const before = decodeIdCursor(cursor);
    const rows = await readingWhatCanBe(() =>
      this.database.client.integration.findMany({
        where: { organizationId, provider, status, ...(before !== undefined && { id: { lt: before } }) },
        orderBy: { id: 'desc' },
        take: limit + 1,
      }),
    );
    return toPage(rows, limit, (row) => [row.id], toIntegrationView);
  }

  /** For what belongs to an integration. @throws NOT_FOUND */
  async assertExists(organizationId: string, id: string): Promise<void> {
    if ((await this.database.client.integration.count({ where: { id, organizationId } })) === 0)
      throw notFound();
  }

  /** @throws NOT_FOUND */
  async get({ organizationId }: Principal, id: string): Promise<IntegrationView> {
    const row = await readingWhatCanBe(() =>
      this.database.client.integration.findFirst({ where: { id, organizationId } }),
    );
    if (row === null) throw notFound();
    return toIntegrationView(row);
  }

  /**
   * Changes what is given. A new webhook secret leaves the one before it valid for a while, so that the platform can be
   * told in peace. A value that cannot be decrypted is replaced like any other.
   * @throws NOT_FOUND; VALIDATION_FAILED for a webhook secret that its scheme cannot use.
   */
  async update(
    principal: Principal,
    id: string,
    input: UpdateIntegrationDto,
    client: ClientContext,
  ): Promise<IntegrationView> {
    const { organizationId } = principal;
    const now = this.clock.now();
    const { config, webhookSecretOverlapSeconds, ...fields } = input;
    return this.database.transaction(async (tx) => {
      const before = await this.lock(tx, organizationId, id);
      const given = givenFields(fields, config);
      if (given.length === 0) return toIntegrationView(before);
      if (fields.webhookSecret !== undefined || fields.webhookScheme !== undefined)
        assertWebhookSecret(
          fields.webhookScheme ?? before.webhookScheme,
          fields.webhookSecret ?? before.webhookSecret,
        );
      const data = {
        ...fields,
        ...instantsOf(input, now),
        ...(config !== undefined && { config: config as Prisma.InputJsonObject }),
        ...(input.webhookSecret !== undefined && {
          previousWebhookSecret: before.webhookSecret,
          previousWebhookSecretExpiresAt:
            before.webhookSecret === null ? null : addSeconds(now, webhookSecretOverlapSeconds),
        }),
      };
      const row = await readingWhatCanBe(() =>
        tx.integration.update({ where: { id, organizationId }, data }),
      );
      this.record(tx, 'integration.updated', principal, id, client, { fields: given });
      return toIntegrationView(row);
    });
  }

  /** Removes the row and every secret in it. @throws NOT_FOUND */
  async remove(principal: Principal, id: string, client: ClientContext): Promise<void> {
    const { organizationId } = principal;
    await this.database.transaction(async (tx) => {
      const [removed] = await this.database.forTenant(
        organizationId,
        () => tx.$queryRaw<{ provider: string; label: string }[]>`
        DELETE FROM benteng.integrations WHERE id = ${id}::uuid AND organization_id = ${organizationId}::uuid
        RETURNING provider::text, label`,
      );
      if (removed === undefined) throw notFound();
      this.record(tx, 'integration.deleted', principal, id, client, { ...removed });
    });
  }

  /** The row, held until the transaction ends: two changes happen one after the other. */
  private async lock(tx: Transaction, organizationId: string, id: string): Promise<Integration> {
    await this.database.forTenant(
      organizationId,
      () => tx.$queryRaw`
      SELECT 1 FROM benteng.integrations
      WHERE id = ${id}::uuid AND organization_id = ${organizationId}::uuid FOR UPDATE`,
    );
    const row = await readingWhatCanBe(() => tx.integration.findFirst({ where: { id, organizationId } }));
    if (row === null) throw notFound();
    return row;
  }

  private record(
    tx: Transaction,
    action: SecurityAction,
    { organizationId, userId: actorId }: Principal,
    targetId: string,
    client: ClientContext,
    details: Record<string, string | string[]>,
  ): void {
    this.events.record(tx, { action, organizationId, actorId, targetId, client, details });
  }
}

/** When each given secret was set. */
function instantsOf(input: CreateIntegrationDto | UpdateIntegrationDto, now: Date) {
  const given = CREDENTIAL_FIELDS.filter((field) => input[field] !== undefined);
  return Object.fromEntries(given.map((field) => [`${field}UpdatedAt`, now]));
}

/** Names of what was given, never a value. */
function givenFields(...inputs: (object | undefined)[]): string[] {
  const [fields = {}, config] = inputs;
  const names = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);
  return config === undefined ? names : [...names, 'config'];
}
