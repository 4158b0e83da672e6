import { Injectable } from '@nestjs/common';
import { LoginAttemptsService } from '../login-attempts/login-attempts.service.js';
import { addSeconds, Clock } from '../platform/clock/clock.js';
import { READABLE_ALPHABET, RandomSource } from '../platform/crypto/random-source.js';
import type { Transaction } from '../platform/database/database.js';
import { conflict } from '../platform/errors/platform.errors.js';
import { PasswordHasher } from '../platform/passwords/password-hasher.js';
import { SessionsService } from '../sessions/sessions.service.js';

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
  /** Made by us: works once, until `expiresAt`, for nothing but the forced change. */
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
    private readonly sessions: SessionsService,
    private readonly attempts: LoginAttemptsService,
  ) {}

  /** Makes a temporary password and its hash; call it before the transaction, hashing is slow. */
  async createTemporaryPassword(): Promise<TemporaryPassword> {
    const password = this.random.text(TEMPORARY_PASSWORD_LENGTH, READABLE_ALPHABET);
    const hash = await this.hasher.hash(password);
    return { password, hash, expiresAt: addSeconds(this.clock.now(), TEMPORARY_PASSWORD_SECONDS) };
  }

  /**
   * Puts a new password in place of the old one, clears the reset flag, and ends sessions and open challenges (these by
   * the raised version). What an administrator gives out also ends a lockout (L-S6.3).
   * @throws CONFLICT when the credentials changed since `owner` was read.
   */
  async replacePassword(tx: Transaction, owner: CredentialOwner, password: NewPassword): Promise<void> {
    const { id, organizationId, email, credentialVersion } = owner;
    const { count } = await tx.user.updateMany({
      where: { id, organizationId, credentialVersion },
      data: {
        passwordHash: password.hash,
        passwordChangedAt: this.clock.now(),
        credentialVersion: { increment: 1 },
        mustChangePassword: password.kind !== 'chosen',
        temporaryPasswordExpiresAt: password.kind === 'temporary' ? password.expiresAt : null,
        temporaryPasswordConsumedAt: null,
        passwordResetRequestedAt: null,
        passwordResetRequestIp: null,
      },
    });
    if (count === 0) throw conflict();
    if (password.kind !== 'chosen') await this.attempts.unlock(tx, email);
    const keep = password.kind === 'chosen' ? password.keepSessionId : undefined;
    await this.sessions.endAll(tx, { organizationId, userId: id }, 'CREDENTIAL_CHANGE', keep);
  }
}
