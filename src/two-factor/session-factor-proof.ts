import { Injectable } from '@nestjs/common';
import type { Principal } from '../platform/access/principal.js';
import { Clock } from '../platform/clock/clock.js';
import { TokenKeyRing } from '../platform/crypto/key-ring.js';
import { Database, type Transaction } from '../platform/database/database.js';
import { readingWhatCanBe } from '../platform/database/unreadable-fields.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { assertExactlyOne } from '../platform/validation/fields.js';
import { ProofTries } from '../sessions/proof-tries.js';
import { backupCodeHashes } from './backup-code.js';
import { BackupCodeTrail } from './backup-code-trail.js';
import type { FactorProof } from './factor-proof.js';
import { factorSecretOf } from './factor-secret.js';
import { findTimeStep } from './totp.js';
import { twoFactorCodeRefused, twoFactorNotEnabled } from './two-factor.errors.js';

/** Spends what was proved; throws TWO_FACTOR_CODE_REFUSED when somebody else was first. */
type Spend = (tx: Transaction) => Promise<void>;

/** The second factor proved again inside a session: for step-up, for replacing it, turning it off, and new backup codes. */
@Injectable()
export class SessionFactorProof {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly tokenKeys: TokenKeyRing,
    private readonly tries: ProofTries,
    private readonly backupCodes: BackupCodeTrail,
  ) {}

  /**
   * Checks a code or a backup code and spends it in one transaction with `complete`, the act that it allows.
   * Wrong ones are counted with wrong passwords, per account (`ProofTries`).
   * @throws VALIDATION_FAILED unless exactly one is given; TWO_FACTOR_NOT_ENABLED; TWO_FACTOR_CODE_REFUSED for a wrong
   * one and a spent one alike; RATE_LIMITED; what `complete` throws, and then nothing is spent.
   */
  async prove<T>(
    principal: Principal,
    input: FactorProof,
    client: ClientContext,
    complete: (tx: Transaction) => Promise<T>,
  ): Promise<T> {
    assertExactlyOne(input, ['code', 'backupCode']);
    const kind = input.code === undefined ? 'backup_code' : 'otp';
    return this.tries.judge(principal, kind, client, async () => {
      const spend = await this.check(principal, input, client);
      return this.database.transaction(async (tx) => {
        await spend(tx);
        return complete(tx);
      });
    });
  }

  private async check(principal: Principal, input: FactorProof, client: ClientContext): Promise<Spend> {
    const { userId, organizationId } = principal;
    const factor = await readingWhatCanBe(() =>
      this.database.client.totpFactor.findFirst({ where: { userId, organizationId } }),
    );
    const inForce = factorSecretOf(factor);
    if (factor === null || inForce === null) throw twoFactorNotEnabled();
    if (input.backupCode !== undefined) return this.spendBackupCode(principal, input.backupCode, client);
    const timeStep = findTimeStep(inForce.secret, input.code!, this.clock.now());
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

  private spendBackupCode(principal: Principal, code: string, client: ClientContext): Spend {
    const { userId, organizationId } = principal;
    const hashes = backupCodeHashes(this.tokenKeys, userId, code);
    return async (tx) => {
      const { count } = await tx.backupCode.updateMany({
        where: { userId, organizationId, codeHash: { in: hashes }, consumedAt: null },
        data: { consumedAt: this.clock.now() },
      });
      if (count === 0) throw twoFactorCodeRefused();
      await this.backupCodes.recordUse(tx, principal, client);
    };
  }
}
