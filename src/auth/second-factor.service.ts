import { Injectable } from '@nestjs/common';
import { LoginAttemptsService } from '../login-attempts/login-attempts.service.js';
import { Clock } from '../platform/clock/clock.js';
import { Problem } from '../platform/errors/problem.js';
import { Signals } from '../platform/events/signals.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { assertExactlyOne } from '../platform/validation/fields.js';
import { ATTEMPTS_PER_CHALLENGE } from '../two-factor/factor-attempts.js';
import { factorSecretOf } from '../two-factor/factor-secret.js';
import { LoginFactorProof } from '../two-factor/login-factor-proof.js';
import { RememberedDevicesService } from '../two-factor/remembered-devices.service.js';
import { challengeRefused } from './auth.errors.js';
import { ChallengesService, type OpenChallenge } from './challenges.service.js';
import type { SecondFactorDto } from './dto/auth.dto.js';
import type { LoginBrowser } from './login-browser.js';
import type { LoginOutcome } from './login-result.js';
import { LoginSteps } from './login-steps.js';

/** The second step of a login. */
@Injectable()
export class SecondFactorService {
  constructor(
    private readonly clock: Clock,
    private readonly challenges: ChallengesService,
    private readonly proof: LoginFactorProof,
    private readonly devices: RememberedDevicesService,
    private readonly steps: LoginSteps,
    private readonly attempts: LoginAttemptsService,
    private readonly signals: Signals,
  ) {}

  /**
   * Checks a code or a backup code against an open challenge. Three statements beside the login's own: the challenge,
   * the booking of the try, the spending.
   * @throws CHALLENGE_REFUSED; TWO_FACTOR_CODE_REFUSED, one answer for wrong, used and locked; VALIDATION_FAILED
   */
  async prove(input: SecondFactorDto, browser: LoginBrowser, client: ClientContext): Promise<LoginOutcome> {
    assertExactlyOne(input, ['code', 'backupCode']);
    const challenge = await this.challenges.getOpen(input.challengeToken, 'TWO_FACTOR');
    const { user, userId, organizationId } = challenge;
    const factor = factorSecretOf(user.totpFactor);
    if (factor === null || challenge.attemptCount >= ATTEMPTS_PER_CHALLENGE) throw challengeRefused();
    const now = this.clock.now();
    const awaited = { challengeId: challenge.id, userId, organizationId, secret: factor.secret };
    const amr = [...challenge.amr, 'otp', 'mfa'];
    const answer = await this.counted(challenge, client, () =>
      this.proof.prove(awaited, input, client, now, async (tx) => {
        if (challenge.loginAttemptId !== null) await this.attempts.mark(challenge.loginAttemptId, null, tx);
        const proceed = await this.steps.proceed(
          { user, amr, secondFactorHolds: true, browser, client, now },
          tx,
        );
        const device = input.rememberDevice ? await this.devices.trust(tx, user, client, now) : undefined;
        return async () => ({ ...(await proceed()), device });
      }),
    );
    return answer();
  }

  /** Tells the login audit and the metrics how the try ended. */
  private async counted<T>(
    { user }: OpenChallenge,
    client: ClientContext,
    prove: () => Promise<T>,
  ): Promise<T> {
    try {
      const outcome = await prove();
      this.signals.emit({ kind: 'second_factor', outcome: 'accepted' });
      return outcome;
    } catch (error) {
      if (error instanceof Problem) {
        this.signals.emit({ kind: 'second_factor', outcome: 'refused' });
        await this.attempts.addRefused(user.email, user, 'two_factor_failed', client);
      }
      throw error;
    }
  }
}
