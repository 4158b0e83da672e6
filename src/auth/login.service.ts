import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import { Database, type Transaction } from '../platform/database/database.js';
import type { User } from '../platform/database/generated/client.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { PasswordHasher } from '../platform/passwords/password-hasher.js';
import { RememberedDevicesService } from '../two-factor/remembered-devices.service.js';
import { invalidCredentials } from './auth.errors.js';
import type { LoginDto } from './dto/auth.dto.js';
import type { LoginOutcome } from './login-result.js';
import { LoginSteps } from './login-steps.js';

/** Sign-in with a password: the first proof of every login. What follows is in `LoginSteps`. */
@Injectable()
export class LoginService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly hasher: PasswordHasher,
    private readonly devices: RememberedDevicesService,
    private readonly steps: LoginSteps,
    private readonly events: SecurityEvents,
  ) {}

  /**
   * Checks email and password. Unknown, suspended and passwordless accounts cost the same hash and get the same answer
   * (ASVS V6.3.8).
   * @param deviceToken cookie of a remembered device, if the browser has one.
   * @throws INVALID_CREDENTIALS for every reason alike.
   */
  async login(
    { email, password }: LoginDto,
    deviceToken: string | null,
    client: ClientContext,
  ): Promise<LoginOutcome> {
    // One statement for known and unknown alike: the organization comes by a join.
    const user = await this.database.client.user.findUnique({
      where: { email },
      include: { organization: true },
    });
    const usableHash = user?.status === 'ACTIVE' ? user.passwordHash : null;
    const matches = await this.hasher.verify(usableHash, password);
    const now = this.clock.now();
    if (user === null || usableHash === null || !matches || isSpentTemporaryPassword(user, now)) {
      throw invalidCredentials();
    }
    const rehash = this.hasher.needsRehash(usableHash) ? await this.hasher.hash(password) : undefined;
    const device =
      user.twoFactorEnabledAt !== null && deviceToken !== null
        ? await this.devices.use(deviceToken, user, client, now)
        : null;
    const proof = { user, amr: ['pwd'], secondFactorHolds: device !== null, client, now, rehash };
    const answer =
      user.temporaryPasswordExpiresAt === null
        ? await this.steps.proceed(proof)
        : await this.database.transaction(async (tx) => {
            await this.spendTemporaryPassword(tx, user, client, now);
            return this.steps.proceed(proof, tx);
          });
    return { ...(await answer()), ...(device !== null && { device }) };
  }

  /** A temporary password is spent by its first use, whatever comes after. */
  private async spendTemporaryPassword(
    tx: Transaction,
    user: User,
    client: ClientContext,
    now: Date,
  ): Promise<void> {
    const { id, organizationId, credentialVersion } = user;
    const { count } = await tx.user.updateMany({
      where: { id, organizationId, credentialVersion, temporaryPasswordConsumedAt: null },
      data: { temporaryPasswordConsumedAt: now },
    });
    if (count === 0) throw invalidCredentials();
    await this.events.record(tx, {
      action: 'password.temporary_used',
      organizationId,
      actorId: id,
      targetId: id,
      client,
    });
  }
}

/** A temporary password works once, and only until it expires. */
function isSpentTemporaryPassword(user: User, now: Date): boolean {
  const { temporaryPasswordExpiresAt: expiresAt, temporaryPasswordConsumedAt: consumedAt } = user;
  return expiresAt !== null && (consumedAt !== null || expiresAt <= now);
}
