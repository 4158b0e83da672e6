import { Injectable } from '@nestjs/common';
import { EnrolmentReader } from '../platform/access/enrolment-reader.js';
import { roleOf, type Principal } from '../platform/access/principal.js';
import { Clock } from '../platform/clock/clock.js';
import { Database } from '../platform/database/database.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { ProofTries } from '../sessions/proof-tries.js';
import { RefreshRotation, type RefreshToken } from '../sessions/refresh-rotation.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { TwoFactorService } from '../two-factor/two-factor.service.js';
import { ChallengesService } from './challenges.service.js';
import type { LoginBrowser } from './login-browser.js';
import type { LoginOutcome } from './login-result.js';
import { LoginSteps } from './login-steps.js';

/** What enabling shows, once; with the answer of the login when it completed one. */
export interface Enrolment {
  readonly backupCodes: string[];
  readonly login: LoginOutcome | null;
  /** For the cookie of a session that goes on; null where the login makes one. */
  readonly refresh: RefreshToken | null;
}

/** Enrols a second factor, for somebody signed in or on the demand of `REQUIRE_TWO_FACTOR`. */
@Injectable()
export class EnrolmentService extends EnrolmentReader {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly challenges: ChallengesService,
    private readonly twoFactor: TwoFactorService,
    private readonly steps: LoginSteps,
    private readonly sessions: SessionsService,
    private readonly rotation: RefreshRotation,
    private readonly tries: ProofTries,
  ) {
    super();
  }

  /** The person behind an enrolment challenge: as fresh as a step-up, since the password was proved for it. */
  override async getEnrollee(challengeToken: string): Promise<Principal> {
    const challenge = await this.challenges.getOpen(challengeToken, 'TWO_FACTOR_SETUP');
    const { user } = challenge;
    return {
      userId: user.id,
      organizationId: user.organizationId,
      sessionId: challenge.id,
      via: 'enrolment',
      email: user.email,
      role: roleOf(user),
      // A challenge opens the enrolment and nothing of the installation's.
      isOperator: false,
      amr: challenge.amr,
      authenticatedAt: this.clock.now(),
    };
  }

  /**
   * Confirms the pending setup; completes the login that demanded it. Sessions that the password alone opened end, but
   * for this one, which has just proved the factor: its refresh token begins anew, so that a copied one is worth nothing.
   * @throws TWO_FACTOR_CODE_REFUSED, TWO_FACTOR_NOT_ENABLED, CHALLENGE_REFUSED, SESSION_ENDED, CONFLICT, RATE_LIMITED
   */
  async enable(
    principal: Principal,
    code: string,
    browser: LoginBrowser,
    client: ClientContext,
  ): Promise<Enrolment> {
    const checked = await this.tries.judge(principal, 'otp', client, () =>
      this.twoFactor.checkPending(principal, code),
    );
    const { userId: id, organizationId, sessionId: challengeId } = principal;
    const now = this.clock.now();
    const { backupCodes, answer, refresh } = await this.database.transaction(async (tx) => {
      if (principal.via === 'enrolment')
        await this.challenges.consume(tx, { id: challengeId, organizationId });
      const codes = await this.twoFactor.enable(tx, checked, client);
      await this.sessions.endUnproved(tx, principal);
      if (principal.via === 'session')
        return { backupCodes: codes, answer: null, refresh: await this.rotation.beginAnew(tx, principal) };
      const user = await tx.user.findFirstOrThrow({
        where: { id, organizationId },
        include: { organization: true },
      });
      const amr = [...principal.amr, 'otp', 'mfa'];
      const proceed = await this.steps.proceed(
        { user, amr, secondFactorHolds: true, browser, client, now },
        tx,
      );
      return { backupCodes: codes, answer: proceed, refresh: null };
    });
    return { backupCodes, login: answer === null ? null : await answer(), refresh };
  }
}
