import { Injectable } from '@nestjs/common';
import { OrganizationsService } from '../organizations/organizations.service.js';
import { Clock } from '../platform/clock/clock.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { isUniqueViolation } from '../platform/database/database-errors.js';
import { Database, type Transaction } from '../platform/database/database.js';
import { OperatorError } from '../platform/errors/operator-error.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import { CredentialsService } from './credentials.service.js';

/** A new administrator as the terminal shows it, once. */
export interface CreatedAdmin {
  readonly userId: string;
  readonly organizationId: string;
  readonly email: string;
  /** Works once, for the forced change alone. */
  readonly temporaryPassword: string;
  readonly expiresAt: Date;
}

/** Where the new administrator belongs. */
export type AdminHome = { newOrganization: string } | { organizationId: string };

/** Whom to add. */
export interface NewAdmin {
  /** Canonical. */
  readonly email: string;
  readonly name: string;
  /** Runs the installation too. */
  readonly isOperator?: boolean;
}

/** Adds administrators from the server's own terminal: the first one of an installation has nobody to invite him. */
@Injectable()
export class AdminCreation {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly random: RandomSource,
    private readonly organizations: OrganizationsService,
    private readonly credentials: CredentialsService,
    private readonly events: SecurityEvents,
  ) {}

  /** The administrator of an empty database; null when there are accounts already. */
  async createFirst(email: string, organizationName: string): Promise<CreatedAdmin | null> {
    let created: CreatedAdmin | null = null;
    // Of several instances that start on an empty database one makes it.
    await this.database.exclusively('first administrator', async () => {
      const anyone = await this.database.acrossTenants(() =>
        this.database.client.user.findFirst({ select: { id: true } }),
      );
      if (anyone === null)
        created = await this.create({ email, name: 'Administrator' }, { newOrganization: organizationName });
    });
    return created;
  }

  /**
   * Adds an administrator with a temporary password.
   * @throws OperatorError when the address is in use or the organization does not exist.
   */
  async create(person: NewAdmin, home: AdminHome): Promise<CreatedAdmin> {
    const { password, hash, expiresAt } = await this.credentials.createTemporaryPassword();
    const { isOperator = false } = person;
    try {
      return await this.database.transaction(async (tx) => {
        const organizationId = await this.findHome(tx, home);
        const userId = this.random.id();
        const owner = { id: userId, organizationId, email: person.email, credentialVersion: 0 };
        await tx.user.create({
          data: { ...owner, name: person.name, role: 'ADMIN', isOperator, createdAt: this.clock.now() },
        });
        await this.credentials.replacePassword(tx, owner, { kind: 'temporary', hash, expiresAt });
        this.events.record(tx, {
          action: 'user.created',
          organizationId,
          targetId: userId,
          details: { email: person.email, role: isOperator ? 'OPERATOR' : 'ADMIN', by: 'operator' },
        });
        return { userId, organizationId, email: person.email, temporaryPassword: password, expiresAt };
      });
    } catch (error) {
      if (isUniqueViolation(error)) throw new OperatorError(`The address ${person.email} is already in use.`);
      throw error;
    }
  }

  /**
   * Makes an administrator that exists an operator; again changes nothing.
   * @param email canonical address.
   * @throws OperatorError when no administrator has the address.
   */
  async makeOperator(email: string): Promise<{ userId: string; organizationId: string; email: string }> {
    // The address is what says whose account it is.
    const user = await this.database.acrossTenants(() =>
      this.database.client.user.findFirst({ where: { email, role: 'ADMIN', status: 'ACTIVE' } }),
    );
    if (user === null) throw new OperatorError(`No active administrator has the address ${email}.`);
    const { id: userId, organizationId } = user;
    await this.database.transaction(async (tx) => {
      const where = { id: userId, organizationId, role: 'ADMIN', isOperator: false };
      const { count } = await tx.user.updateMany({ where, data: { isOperator: true } });
      if (count === 0) return;
      const details = { from: 'ADMIN', to: 'OPERATOR', by: 'operator' };
      this.events.record(tx, { action: 'user.role_changed', organizationId, targetId: userId, details });
    });
    return { userId, organizationId, email };
  }

  private async findHome(tx: Transaction, home: AdminHome): Promise<string> {
    if ('newOrganization' in home) return this.organizations.create(tx, home.newOrganization);
    const found = await tx.organization.findFirst({
      where: { id: home.organizationId },
      select: { id: true },
    });
    if (found === null) throw new OperatorError(`There is no organization ${home.organizationId}.`);
    return found.id;
  }
}
