import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { assertExactlyOne } from '../platform/validation/fields.js';
import { ATTEMPTS_PER_CHALLENGE } from '../two-factor/factor-attempts.js';
import { LoginFactorProof } from '../two-factor/login-factor-proof.js';
import { RememberedDevicesService } from '../two-factor/remembered-devices.service.js';
import { challengeRefused } from './auth.errors.js';
import { ChallengesService } from './challenges.service.js';
import type { SecondFactorDto } from './dto/auth.dto.js';
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
  ) {}

  /**
   * Checks a code or a backup code against an open challenge. Three statements beside the login's own: the challenge,
   * the booking of the try, the spending.
   * @throws CHALLENGE_REFUSED; TWO_FACTOR_CODE_REFUSED, one answer for wrong, used and locked; VALIDATION_FAILED
   */
  async prove(input: SecondFactorDto, client: ClientContext): Promise<LoginOutcome> {
    assertExactlyOne(input, ['code', 'backupCode']);
    const challenge = await this.challenges.getOpen(input.challengeToken, 'TWO_FACTOR');
    const { user, userId, organizationId } = challenge;
    const secret = user.totpFactor?.secret;
    if (!secret || challenge.attemptCount >= ATTEMPTS_PER_CHALLENGE) throw challengeRefused();
    const now = this.clock.now();
    const awaited = { challengeId: challenge.id, userId, organizationId, secret };
    const amr = [...challenge.amr, 'otp', 'mfa'];
    const answer = await this.proof.prove(awaited, input, client, now, async (tx) => {
      const proceed = await this.steps.proceed({ user, amr, secondFactorHolds: true, client, now }, tx);
      const device = input.rememberDevice ? await this.devices.trust(tx, user, client, now) : undefined;
      return async () => ({ ...(await proceed()), device });
    });
    return answer();
  }
}
