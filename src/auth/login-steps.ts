import { Injectable } from '@nestjs/common';
import { isTwoFactorRequired } from '../platform/access/two-factor-policy.js';
import { Config } from '../platform/config/config.js';
import { Database, type Transaction } from '../platform/database/database.js';
import type { ChallengePurpose, Organization, User } from '../platform/database/generated/client.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { RefreshRotation } from '../sessions/refresh-rotation.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { toOwnUserView } from '../users/user-view.js';
import { invalidCredentials } from './auth.errors.js';
import { ChallengesService } from './challenges.service.js';
import type { LoginBrowser } from './login-browser.js';
import type { LoginOutcome, LoginResult } from './login-result.js';

/** What has been proved so far, and by whom. */
export interface LoginProof {
  /** As read when the proof was checked; a change of credentials since then refuses the login. */
  readonly user: User & { organization: Organization };
  /** RFC 8176 values. */
  readonly amr: readonly string[];
  /** The second factor was proved, or this browser is remembered. */
  readonly secondFactorHolds: boolean;
  readonly browser: LoginBrowser;
  readonly client: ClientContext;
  readonly now: Date;
  /** A hash with today's settings, to take the place of a weaker one. */
  readonly rehash?: string | undefined;
  /** The attempt that becomes a success when a second factor that is still due is proved. */
  readonly attemptId?: string | undefined;
}

/**
 * The order of every login; nothing can be skipped, since each challenge opens its own step alone (ASVS V2.3.1):
 *
 *   password ──▶ second factor, if enabled and the browser is not remembered
 *            ──▶ own password, if the present one was issued by somebody else
 *            ──▶ enrolment, if REQUIRE_TWO_FACTOR covers the account and it has no factor
 *            ──▶ session
 */
@Injectable()
export class LoginSteps {
  constructor(
    private readonly config: Config,
    private readonly database: Database,
    private readonly challenges: ChallengesService,
    private readonly sessions: SessionsService,
    private readonly rotation: RefreshRotation,
    private readonly events: SecurityEvents,
  ) {}

  /**
   * Takes the next step: one statement, or part of the transaction that spends the step before.
   * @returns a function that makes the answer, for after the commit (signing is slow).
   * @throws INVALID_CREDENTIALS when the account was suspended or its credentials changed since the proof.
   */
  async proceed(proof: LoginProof, tx?: Transaction): Promise<() => Promise<LoginOutcome>> {
    const purpose = this.nextChallenge(proof);
    if (purpose === null) return this.beginSession(proof, tx);
    const { user, amr, attemptId } = proof;
    const challenge = await this.challenges.issue(tx ?? this.database.client, {
      user,
      purpose,
      amr,
      attemptId,
    });
    const result: LoginResult =
      purpose === 'TWO_FACTOR'
        ? { status: 'two_factor_required', ...challenge, methods: ['totp', 'backup_code'] }
        : {
            status: purpose === 'PASSWORD_CHANGE' ? 'password_change_required' : 'two_factor_setup_required',
            ...challenge,
          };
    return () => Promise.resolve({ result, tokens: null });
  }

  private nextChallenge({ user, secondFactorHolds }: LoginProof): ChallengePurpose | null {
    const isEnrolled = user.twoFactorEnabledAt !== null;
    if (isEnrolled && !secondFactorHolds) return 'TWO_FACTOR';
    if (user.mustChangePassword) return 'PASSWORD_CHANGE';
    return !isEnrolled && isTwoFactorRequired(this.config, user.role) ? 'TWO_FACTOR_SETUP' : null;
  }

  private async beginSession(proof: LoginProof, tx?: Transaction): Promise<() => Promise<LoginOutcome>> {
    const { user, amr, browser, client, now, rehash } = proof;
    const { id: userId, organizationId, credentialVersion } = user;
    const isNewDevice = user.lastLoginAt !== null && browser.knownDeviceId(user.email) === null;
    const login = { userId, organizationId, credentialVersion, rehash, amr, isNewDevice, client, now };
    const session = await this.sessions.start(login, tx);
    if (session === null) throw invalidCredentials();
    const needsNoHelp = user.passwordResetRequestedAt !== null && amr.includes('pwd');
    if (needsNoHelp) await this.withdrawHelp(proof, tx);
    return async () => {
      const tokens = await this.rotation.issue(session, user.role);
      const view = toOwnUserView({
        ...user,
        lastLoginAt: now,
        ...(needsNoHelp && { passwordResetRequestedAt: null }),
      });
      return { tokens, result: { status: 'authenticated', ...tokens.access, user: view } };
    };
  }

  /** Who signs in with the password needs no help: the flag goes down, whoever had raised it. */
  private async withdrawHelp(proof: LoginProof, tx?: Transaction): Promise<void> {
    if (tx === undefined) return this.database.transaction((own) => this.withdrawHelp(proof, own));
    const { id, organizationId, passwordResetRequestedAt } = proof.user;
    const { count } = await tx.user.updateMany({
      where: { id, organizationId, passwordResetRequestedAt },
      data: { passwordResetRequestedAt: null, passwordResetRequestIp: null },
    });
    if (count === 0) return;
    this.events.record(tx, {
      action: 'password.reset_withdrawn',
      organizationId,
      actorId: id,
      targetId: id,
      client: proof.client,
    });
  }
}
