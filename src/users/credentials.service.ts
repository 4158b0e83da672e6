import { Injectable } from '@nestjs/common';
import { LoginAttemptsService } from '../login-attempts/login-attempts.service.js';
import type { Principal } from '../platform/access/principal.js';
import { addSeconds, Clock } from '../platform/clock/clock.js';
import { READABLE_ALPHABET, RandomSource } from '../platform/crypto/random-source.js';
import type { Transaction } from '../platform/database/database.js';
import type { User } from '../platform/database/generated/client.js';
import { conflict } from '../platform/errors/platform.errors.js';
import { HashBudget } from '../platform/passwords/hash-budget.js';
import { OPERATOR, signedIn } from '../platform/passwords/hash-caller.js';
import { PasswordHasher } from '../platform/passwords/password-hasher.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { TwoFactorService } from '../two-factor/two-factor.service.js';
import { TEMPORARY_PASSWORD_USES } from './temporary-password.js';

/** Whose password changes, as it was read before the hash was computed. */
export interface CredentialOwner {
  readonly id: string;
  readonly organizationId: string;
  readonly email: string;
  /** Guards the change: somebody else's in between wins, this one is refused. */
  readonly credentialVersion: number;
}

/** What kind of password takes the place of the old one. */
export type NewPassword =
  /** Chosen by its owner; `keepSessionId` goes on. */
  | { kind: 'chosen'; hash: string; keepSessionId?: string }
  /** Typed by an administrator: must be changed at the next login. */
  | { kind: 'administered'; hash: string }
  /** Made by us: good until `expiresAt` for one forced change and nothing else. */
  | { kind: 'temporary'; hash: string; expiresAt: Date };

/** A fresh temporary password, shown once. */
export interface TemporaryPassword {
  /** 24 letters and digits without look-alikes: about 140 bits. */
  readonly password: string;
  readonly hash: string;
  readonly expiresAt: Date;
}

const TEMPORARY_PASSWORD_LENGTH = 24;
const TEMPORARY_PASSWORD_SECONDS = 24 * 60 * 60;

/** The one place where a password changes, so that everything that must end with the old one does. */
@Injectable()
export class CredentialsService {
  constructor(
    private readonly clock: Clock,
    private readonly random: RandomSource,
    private readonly hasher: PasswordHasher,
    private readonly budget: HashBudget,
    private readonly sessions: SessionsService,
    private readonly attempts: LoginAttemptsService,
    private readonly twoFactor: TwoFactorService,
  ) {}

  /**
   * Makes a temporary password and its hash; call it before the transaction, hashing is slow.
   * @param issuer the administrator whose budget of hashes pays; absent at the server's own terminal.
   * @throws RATE_LIMITED
   */
  async createTemporaryPassword(issuer?: Principal): Promise<TemporaryPassword> {
    if (issuer !== undefined) await this.budget.spendOfPerson(issuer.userId);
    const password = this.random.text(TEMPORARY_PASSWORD_LENGTH, READABLE_ALPHABET);
    const hash = await this.hasher.hash(password, issuer === undefined ? OPERATOR : signedIn(issuer.userId));
    return { password, hash, expiresAt: addSeconds(this.clock.now(), TEMPORARY_PASSWORD_SECONDS) };
  }

  /**
   * Puts a new password in place of the old one, clears the reset flag, and ends sessions and open challenges (these by
   * the raised version). What an administrator gives out also ends the locks of the account and of its second factor
   * (L-S6.3).
   * @throws CONFLICT when the credentials changed since `owner` was read, or a temporary one meets a suspended account.
   */
  async replacePassword(tx: Transaction, owner: CredentialOwner, password: NewPassword): Promise<void> {
    const { id, organizationId, email, credentialVersion } = owner;
    if (password.kind !== 'chosen') await this.twoFactor.unlock(tx, { organizationId, userId: id });
    const { count } = await tx.user.updateMany({
      where: {
        id,
        organizationId,
        credentialVersion,
        // It would open nothing, and be good when the account comes back.
        ...(password.kind === 'temporary' && { status: 'ACTIVE' as const }),
      },
      data: {
        passwordHash: password.hash,
        passwordChangedAt: this.clock.now(),
        credentialVersion: { increment: 1 },
        mustChangePassword: password.kind !== 'chosen',
        temporaryPasswordExpiresAt: password.kind === 'temporary' ? password.expiresAt : null,
        temporaryPasswordConsumedAt: null,
        temporaryPasswordUses: 0,
        passwordResetRequestedAt: null,
        passwordResetRequestIp: null,
      },
    });
    if (count === 0) throw conflict();
    if (password.kind !== 'chosen') await this.attempts.unlock(tx, email);
    const keep = password.kind === 'chosen' ? password.keepSessionId : undefined;
    await this.sessions.endAll(tx, { organizationId, userId: id }, 'CREDENTIAL_CHANGE', keep);
  }

  /**
   * Counts a sign-in with a temporary password that was right. Challenges of earlier ones end by the raised version, so
   * that whoever overheard it cannot sit beside its owner.
   * @param user as read when the password was checked.
   * @returns the account as it is now; null when another password came in between, or all its uses are gone.
   */
  async useTemporaryPassword(tx: Transaction, user: User, now: Date): Promise<User | null> {
    const { id, organizationId, passwordHash, temporaryPasswordConsumedAt: firstUse } = user;
    const [used] = await tx.user.updateManyAndReturn({
      where: {
        id,
        organizationId,
        passwordHash,
        status: 'ACTIVE',
        temporaryPasswordExpiresAt: { gt: now },
        temporaryPasswordUses: { lt: TEMPORARY_PASSWORD_USES },
      },
      data: {
        temporaryPasswordUses: { increment: 1 },
        temporaryPasswordConsumedAt: firstUse ?? now,
        credentialVersion: { increment: 1 },
      },
    });
    return used ?? null;
  }
}
