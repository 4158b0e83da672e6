import { Injectable } from '@nestjs/common';
import { AccessTokens, type AccessTokenResult } from '../platform/access/access-tokens.js';
import type { Principal } from '../platform/access/principal.js';
import { Clock } from '../platform/clock/clock.js';
import { Database, type Transaction } from '../platform/database/database.js';
import type { Session } from '../platform/database/generated/client.js';
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
    assertExactlyOne(input, ['password', 'code', 'backupCode']);
    const { password, code, backupCode } = input;
    if (password !== undefined) {
      await this.passwords.verifyOwnPassword(principal, password, client);
      return this.toToken(
        principal,
        await this.database.transaction((tx) => this.renew(tx, principal, 'pwd', client)),
      );
    }
    const proof = code === undefined ? 'backup_code' : 'otp';
    const session = await this.factor.prove(principal, { code, backupCode }, client, (tx) =>
      this.renew(tx, principal, proof, client),
    );
    return this.toToken(principal, session);
  }

  private async renew(
    tx: Transaction,
    principal: Principal,
    proof: 'pwd' | 'otp' | 'backup_code',
    client: ClientContext,
  ): Promise<Session> {
    const { organizationId, userId, sessionId } = principal;
    this.events.record(tx, {
      action: 'session.stepped_up',
      organizationId,
      actorId: userId,
      targetId: userId,
      client,
      details: { sessionId, proof },
    });
    const session = await this.sessions.renewAuthentication(tx, principal, this.clock.now());
    if (session === null) throw sessionEnded(); // ended meanwhile: nothing is spent
    return session;
  }

  private toToken(principal: Principal, session: Session): Promise<AccessTokenResult> {
    const { authenticatedAt, expiresAt: sessionExpiresAt } = session;
    return this.accessTokens.issue({ ...principal, authenticatedAt, sessionExpiresAt });
  }
}
