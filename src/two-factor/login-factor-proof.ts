import { Injectable } from '@nestjs/common';
import { TokenKeyRing } from '../platform/crypto/key-ring.js';
import { Database, type Transaction } from '../platform/database/database.js';
import { Problem } from '../platform/errors/problem.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { backupCodeHashes } from './backup-code.js';
import { BackupCodeTrail } from './backup-code-trail.js';
import { FactorAttempts } from './factor-attempts.js';
import type { FactorProof } from './factor-proof.js';
import { findTimeStep } from './totp.js';
import { twoFactorCodeRefused } from './two-factor.errors.js';

/** The challenge of a login that waits for the factor. */
export interface AwaitedFactor {
  readonly challengeId: string;
  readonly userId: string;
  readonly organizationId: string;
  /** Base32. */
  readonly secret: string | null;
}

/** Spends the code; false when somebody else was first. */
type Spend = (tx: Transaction) => Promise<boolean>;

/** The second factor proved at sign-in: every try is counted, every code works once. */
@Injectable()
export class LoginFactorProof {
  constructor(
    private readonly database: Database,
    private readonly tokenKeys: TokenKeyRing,
    private readonly attempts: FactorAttempts,
    private readonly backupCodes: BackupCodeTrail,
    private readonly events: SecurityEvents,
  ) {}

  /**
   * Books a try, checks the code, and spends it with the challenge in one transaction with `complete`.
   * @param proof with exactly one of the two fields.
   * @throws TWO_FACTOR_CODE_REFUSED, one answer for wrong, used and locked; what `complete` throws, and then nothing is spent but the try.
   */
  async prove<T>(
    awaited: AwaitedFactor,
    proof: FactorProof,
    client: ClientContext,
    now: Date,
    complete: (tx: Transaction) => Promise<T>,
  ): Promise<T> {
    const booking = await this.attempts.book(awaited.challengeId, now);
    if (booking === null) throw twoFactorCodeRefused();
    try {
      const spend = this.check(awaited, proof, now);
      if (spend === null) throw twoFactorCodeRefused();
      return await this.database.transaction(async (tx) => {
        if (!(await spend(tx))) throw twoFactorCodeRefused();
        if (proof.backupCode !== undefined) await this.backupCodes.recordUse(tx, awaited, client);
        return complete(tx);
      });
    } catch (error) {
      if (booking.locks && error instanceof Problem) await this.recordLock(awaited, client);
      throw error;
    }
  }

  /** The code alone, without spending anything; null when it is wrong. */
  private check({ challengeId, userId, secret }: AwaitedFactor, proof: FactorProof, now: Date): Spend | null {
    if (proof.backupCode !== undefined) {
      const hashes = backupCodeHashes(this.tokenKeys, userId, proof.backupCode);
      return (tx) => this.attempts.spendBackupCode(tx, challengeId, hashes, now);
    }
    const timeStep = findTimeStep(secret, proof.code!, now);
    return timeStep === null ? null : (tx) => this.attempts.spendTimeStep(tx, challengeId, timeStep, now);
  }

  private async recordLock({ userId, organizationId }: AwaitedFactor, client: ClientContext): Promise<void> {
    await this.database.transaction(async (tx) =>
      this.events.record(tx, { action: 'two_factor.locked', organizationId, targetId: userId, client }),
    );
  }
}
