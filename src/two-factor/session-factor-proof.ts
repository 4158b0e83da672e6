import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import { TokenKeyRing } from '../platform/crypto/key-ring.js';
import { Database, type Transaction } from '../platform/database/database.js';
import { LimitsService } from '../platform/limits/limits.service.js';
import { assertExactlyOne } from '../platform/validation/fields.js';
import { backupCodeHashes } from './backup-code.js';
import type { FactorProof } from './factor-proof.js';
import { findTimeStep } from './totp.js';
import { twoFactorCodeRefused, twoFactorNotEnabled } from './two-factor.errors.js';

/**
 * Tries of a code by somebody who is signed in. Counted apart from those at sign-in: whoever stole an access token but
 * not the password must neither guess on nor lock the owner out.
 */
const SESSION_TRIES = { requests: 20, seconds: 3600 };

/** The second factor proved again inside a session: for step-up, for turning it off, for new backup codes. */
@Injectable()
export class SessionFactorProof {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly tokenKeys: TokenKeyRing,
    private readonly limits: LimitsService,
  ) {}

  /** Counts one try of a signed-in person. @throws RATE_LIMITED */
  async countTry(userId: string): Promise<void> {
    await this.limits.consume('FACTOR_CODE', userId, SESSION_TRIES);
  }

  /**
   * Checks a code or a backup code.
   * @returns what spends it, to be called in the transaction of the act it allows.
   * @throws VALIDATION_FAILED unless exactly one is given; TWO_FACTOR_NOT_ENABLED; TWO_FACTOR_CODE_REFUSED (also by the
   * function returned, when it was spent meanwhile); RATE_LIMITED
   */
  async check(
    owner: { userId: string; organizationId: string },
    input: FactorProof,
  ): Promise<(tx: Transaction) => Promise<void>> {
    assertExactlyOne(input, ['code', 'backupCode']);
    const { userId, organizationId } = owner;
    await this.countTry(userId);
    const factor = await this.database.client.totpFactor.findFirst({ where: { userId, organizationId } });
    if (!factor?.secret) throw twoFactorNotEnabled();
    if (input.backupCode !== undefined) return this.spendBackupCode(owner, input.backupCode);
    const timeStep = findTimeStep(factor.secret, input.code!, this.clock.now());
    if (timeStep === null) throw twoFactorCodeRefused();
    return async (tx) => {
      const { count } = await tx.totpFactor.updateMany({
        where: {
          id: factor.id,
          organizationId,
          OR: [{ lastTimeStep: null }, { lastTimeStep: { lt: timeStep } }],
        },
        data: { lastTimeStep: timeStep },
      });
      if (count === 0) throw twoFactorCodeRefused();
    };
  }

  private spendBackupCode(
    { userId, organizationId }: { userId: string; organizationId: string },
    code: string,
  ) {
    const hashes = backupCodeHashes(this.tokenKeys, userId, code);
    return async (tx: Transaction): Promise<void> => {
      const { count } = await tx.backupCode.updateMany({
        where: { userId, organizationId, codeHash: { in: hashes }, consumedAt: null },
        data: { consumedAt: this.clock.now() },
      });
      if (count === 0) throw twoFactorCodeRefused();
    };
  }
}
