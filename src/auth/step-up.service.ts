import { Injectable } from '@nestjs/common';
import { AccessTokens, type AccessTokenResult } from '../platform/access/access-tokens.js';
import type { Principal } from '../platform/access/principal.js';
import { Clock } from '../platform/clock/clock.js';
import { Database } from '../platform/database/database.js';
import { sessionEnded } from '../platform/errors/platform.errors.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { assertExactlyOne } from '../platform/validation/fields.js';
import { SessionFactorProof } from '../two-factor/session-factor-proof.js';
import type { StepUpDto } from './dto/auth.dto.js';
import { PasswordsService } from './passwords.service.js';

/** A fresh proof of identity for sensitive acts. */
@Injectable()
export class StepUpService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly passwords: PasswordsService,
    private readonly factor: SessionFactorProof,
    private readonly sessions: SessionsService,
    private readonly accessTokens: AccessTokens,
    private readonly events: SecurityEvents,
  ) {}

  /**
   * Proves the password or the second factor again and returns an access token with a fresh `auth_time`. A remembered
   * device never counts.
   * @throws INVALID_CREDENTIALS, TWO_FACTOR_CODE_REFUSED, TWO_FACTOR_NOT_ENABLED, RATE_LIMITED
   */
  async stepUp(principal: Principal, input: StepUpDto, client: ClientContext): Promise<AccessTokenResult> {
    assertExactlyOne(input, ['password', 'code']);
    const spend = input.code === undefined ? null : await this.factor.check(principal, { code: input.code });
    if (input.password !== undefined) await this.passwords.verifyOwnPassword(principal, input.password);
    const now = this.clock.now();
    const session = await this.database.transaction(async (tx) => {
      const { organizationId, userId } = principal;
      await spend?.(tx);
      this.events.record(tx, {
        action: 'session.stepped_up',
        organizationId,
        actorId: userId,
        targetId: userId,
        client,
        details: { sessionId: principal.sessionId, proof: spend === null ? 'pwd' : 'otp' },
      });
      const renewed = await this.sessions.renewAuthentication(tx, principal, now);
      if (renewed === null) throw sessionEnded(); // ended meanwhile: nothing is spent
      return renewed;
    });
    return this.accessTokens.issue({
      ...principal,
      authenticatedAt: now,
      sessionExpiresAt: session.expiresAt,
    });
  }
}
