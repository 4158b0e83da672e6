import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { Database, type Transaction } from '../platform/database/database.js';

@Injectable()
export class OrganizationsService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly random: RandomSource,
  ) {}

  /** Adds an organization and returns its id. */
  async create(tx: Transaction, name: string): Promise<string> {
    const id = this.random.id();
    await tx.organization.create({ data: { id, name, createdAt: this.clock.now() }, select: { id: true } });
    return id;
  }

  /**
   * Holds the organization's row until the transaction ends: decisions about its administrators happen one at a time,
   * so that two of them cannot each rely on the other. NO KEY: rows that only refer to the organization, such as a new
   * session, need not wait, and a login that holds the account's row cannot deadlock with the administrator.
   */
  async lock(tx: Transaction, organizationId: string): Promise<void> {
    await this.database.forTenant(
      organizationId,
      () =>
        tx.$queryRaw`SELECT 1 FROM benteng.organizations WHERE id = ${organizationId}::uuid FOR NO KEY UPDATE`,
    );
  }
}
