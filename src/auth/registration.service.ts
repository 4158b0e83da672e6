import { Injectable } from '@nestjs/common';
import { OrganizationsService } from '../organizations/organizations.service.js';
import { Clock } from '../platform/clock/clock.js';
import { Config } from '../platform/config/config.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { isUniqueViolation } from '../platform/database/database-errors.js';
import { Database } from '../platform/database/database.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { strangerAt } from '../platform/passwords/hash-caller.js';
import { PasswordHasher } from '../platform/passwords/password-hasher.js';
import { assertAcceptablePassword } from '../users/new-password.js';
import { registrationClosed } from './auth.errors.js';
import type { RegisterDto } from './dto/auth.dto.js';

/** Adds an organization with its first administrator. */
@Injectable()
export class RegistrationService {
  constructor(
    private readonly database: Database,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly random: RandomSource,
    private readonly hasher: PasswordHasher,
    private readonly organizations: OrganizationsService,
    private readonly events: SecurityEvents,
  ) {}

  /**
   * Registers, and answers the same for an address that is taken: the same hash is computed, the same rows are tried.
   * @throws REGISTRATION_CLOSED, PASSWORD_REFUSED
   */
  async register(input: RegisterDto, client: ClientContext): Promise<{ status: 'accepted' }> {
    if (this.config.registration === 'closed') throw registrationClosed();
    const { email, name, organizationName } = input;
    assertAcceptablePassword('password', input.password, { email, organizationName });
    const passwordHash = await this.hasher.hash(input.password, strangerAt(client.ipAddress));
    try {
      await this.database.transaction(async (tx) => {
        const now = this.clock.now();
        const organizationId = await this.organizations.create(tx, organizationName);
        const id = this.random.id();
        await tx.user.create({
          data: {
            id,
            organizationId,
            email,
            name,
            role: 'ADMIN',
            passwordHash,
            passwordChangedAt: now,
            createdAt: now,
          },
          select: { id: true },
        });
        this.events.record(tx, {
          action: 'organization.registered',
          organizationId,
          actorId: id,
          targetId: id,
          client,
          details: { email },
        });
      });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
    }
    return { status: 'accepted' };
  }
}
