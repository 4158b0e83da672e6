import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database/database.js';
import type { LoginAttempt, User } from '../platform/database/generated/client.js';
import { OperatorError } from '../platform/errors/operator-error.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import { CredentialsService } from '../users/credentials.service.js';

/** What an account looks like to whoever answers a compromise. */
export interface AccountFindings {
  readonly userId: string;
  readonly organizationId: string;
  readonly email: string;
  readonly liveSessions: number;
  readonly rememberedDevices: number;
  /** The newest sign-ins, right and wrong. */
  readonly attempts: readonly Pick<
    LoginAttempt,
    'createdAt' | 'success' | 'failureReason' | 'ipAddress' | 'userAgent'
  >[];
}

const SHOWN_ATTEMPTS = 50;

/** The answer to an account that somebody else has used (L-6.2). */
@Injectable()
export class AccountCompromise {
  constructor(
    private readonly database: Database,
    private readonly credentials: CredentialsService,
    private readonly events: SecurityEvents,
  ) {}

  /** What is known; changes nothing. @throws OperatorError when no account has the address. */
  async look(email: string): Promise<AccountFindings> {
    const { id: userId, organizationId } = await this.find(email);
    const { client } = this.database;
    const select = { createdAt: true, success: true, failureReason: true, ipAddress: true, userAgent: true };
    return {
      userId,
      organizationId,
      email,
      liveSessions: await client.session.count({ where: { organizationId, userId, endedAt: null } }),
      rememberedDevices: await client.rememberedDevice.count({ where: { organizationId, userId } }),
      attempts: await client.loginAttempt.findMany({
        where: { organizationId, userId },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: SHOWN_ATTEMPTS,
        select,
      }),
    };
  }

  /**
   * Puts a temporary password in place of the known one (which a thief could change for the owner otherwise) and ends
   * every session and remembered device.
   * @returns what was known before, and the temporary password, shown once.
   */
  async secure(email: string): Promise<AccountFindings & { temporaryPassword: string; expiresAt: Date }> {
    const user = await this.find(email);
    const findings = await this.look(email);
    const { password, hash, expiresAt } = await this.credentials.createTemporaryPassword();
    const { id: userId, organizationId } = user;
    await this.database.transaction(async (tx) => {
      await tx.rememberedDevice.deleteMany({ where: { organizationId, userId } });
      await this.credentials.replacePassword(tx, user, { kind: 'temporary', hash, expiresAt });
      const details = { by: 'operator', sessions: findings.liveSessions };
      this.events.record(tx, { action: 'incident.account', organizationId, targetId: userId, details });
    });
    return { ...findings, temporaryPassword: password, expiresAt };
  }

  private async find(email: string): Promise<User> {
    const user = await this.database.acrossTenants(() =>
      this.database.client.user.findFirst({ where: { email } }),
    );
    if (user === null) throw new OperatorError(`No account has the address ${email}.`);
    return user;
  }
}
