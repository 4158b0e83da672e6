import { Injectable } from '@nestjs/common';
import { AccessTokens, type AccessTokenResult } from '../platform/access/access-tokens.js';
import type { Principal } from '../platform/access/principal.js';
import { isTwoFactorRequired } from '../platform/access/two-factor-policy.js';
import { Clock } from '../platform/clock/clock.js';
import { Config } from '../platform/config/config.js';
import { TokenKeyRing } from '../platform/crypto/key-ring.js';
import {
  createRotatingToken,
  isJustSpent,
  parseRotatingToken,
  type RotatingTokenContent,
} from '../platform/crypto/rotating-token.js';
import { Database, type Transaction } from '../platform/database/database.js';
import { sessionEnded, unauthenticated } from '../platform/errors/platform.errors.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';
import type { StartedSession } from './sessions.service.js';
import { idleCutoff, isLive, type SessionState } from './session-policy.js';

/** For the cookie. */
export interface RefreshToken {
  readonly refreshToken: string;
  /** Until the absolute end of the session. */
  readonly refreshMaxAgeSeconds: number;
}

/** What a login or a rotation hands to the browser. */
export interface SessionTokens extends RefreshToken {
  readonly access: AccessTokenResult;
}

interface Row extends SessionState {
  sessionId: string;
  userId: string;
  organizationId: string;
  refreshCounter: number;
  refreshRotatedAt: Date | null;
  authenticatedAt: Date;
  amr: string[];
  role: string;
  status: 'ACTIVE' | 'SUSPENDED';
  isEnrolled: boolean;
}

/**
 * Issues and rotates refresh tokens.
 *
 *   token n ── the one that rotates ──▶ token n+1 ──▶ …
 *      └ again within 10 s ─▶ the same token n+1 (another tab, a lost answer)
 *      └ later ─▶ somebody copied it: the session ends (RFC 9700 §4.14.2, ASVS V10.4.5)
 *
 * After a change of credentials the line begins anew, at n+2: token n is nobody's predecessor and gets no grace.
 */
@Injectable()
export class RefreshRotation {
  constructor(
    private readonly database: Database,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly tokenKeys: TokenKeyRing,
    private readonly accessTokens: AccessTokens,
    private readonly events: SecurityEvents,
  ) {}

  /** The first pair of tokens of a session that has just begun. */
  async issue(session: StartedSession, role: string): Promise<SessionTokens> {
    return this.toTokens({ ...session, sessionId: session.id, role });
  }

  /** The session a genuine token names, live or not; null for anything else. */
  readSessionId(token: string): string | null {
    return parseRotatingToken('refresh token', this.tokenKeys, token)?.id ?? null;
  }

  /**
   * Spends `token` and returns its successor.
   * @throws UNAUTHENTICATED when the token is not ours; SESSION_ENDED when the session is over, or the token was spent
   * before: then the session ends for everybody.
   */
  async rotate(token: string, client: ClientContext): Promise<SessionTokens> {
    const content = parseRotatingToken('refresh token', this.tokenKeys, token);
    if (content === null) {
      throw unauthenticated({ detail: 'The refresh cookie is not one of ours. Sign in.' });
    }
    const now = this.clock.now();
    const rotated = await this.rotateRow(content, client, now);
    if (rotated) return this.toTokens(rotated);

    const current = await this.findRow(content.id);
    if (!current || current.status !== 'ACTIVE' || !isLive(current, this.config, now)) throw sessionEnded();
    if (!current.isEnrolled && isTwoFactorRequired(this.config, current.role)) throw sessionEnded();
    if (isJustSpent(content, { counter: current.refreshCounter, rotatedAt: current.refreshRotatedAt }, now))
      return this.toTokens(current);
    if (content.counter < current.refreshCounter) await this.endAsStolen(current, content, client, now);
    throw sessionEnded();
  }

  /**
   * Begins a new line for the session in which a credential was changed: every refresh token given out before is worth
   * nothing from the commit on, and whoever brings one back has copied it.
   * @throws SESSION_ENDED when the session ended meanwhile.
   */
  async beginAnew(
    tx: Transaction,
    { sessionId, organizationId }: Pick<Principal, 'sessionId' | 'organizationId'>,
  ): Promise<RefreshToken> {
    const [session] = await tx.session.updateManyAndReturn({
      where: { id: sessionId, organizationId, endedAt: null },
      data: { refreshCounter: { increment: 2 }, refreshRotatedAt: this.clock.now() },
    });
    if (session === undefined) throw sessionEnded();
    return this.toRefreshToken({ ...session, sessionId });
  }

  /** The roles that do not get on without a second factor. */
  private enrolledRoles(): string[] {
    return ['ADMIN', 'USER'].filter((role) => isTwoFactorRequired(this.config, role));
  }

  /** The one conditional update: of all who hold token n, exactly one moves the counter. */
  private async rotateRow({ id, counter }: RotatingTokenContent, client: ClientContext, now: Date) {
    const [row] = await this.database.acrossTenants(
      () => this.database.client.$queryRaw<Row[]>`
      UPDATE benteng.sessions s
      SET refresh_counter = s.refresh_counter + 1, refresh_rotated_at = ${now}, last_active_at = ${now},
          ip_address = ${client.ipAddress}
      FROM benteng.users u
      WHERE s.id = ${id}::uuid AND s.refresh_counter = ${counter} AND s.ended_at IS NULL
        AND s.expires_at > ${now} AND s.last_active_at > ${idleCutoff(this.config, now)}
        AND u.id = s.user_id AND u.status = 'ACTIVE'
        AND (u.two_factor_enabled_at IS NOT NULL OR NOT (u.role = ANY (${this.enrolledRoles()})))
      RETURNING s.id AS "sessionId", s.user_id AS "userId", s.organization_id AS "organizationId",
                s.refresh_counter AS "refreshCounter", s.authenticated_at AS "authenticatedAt", s.amr,
                s.expires_at AS "expiresAt", u.role`,
    );
    return row;
  }

  private async findRow(sessionId: string): Promise<Row | undefined> {
    const [row] = await this.database.acrossTenants(
      () => this.database.client.$queryRaw<Row[]>`
      SELECT s.id AS "sessionId", s.user_id AS "userId", s.organization_id AS "organizationId",
             s.refresh_counter AS "refreshCounter", s.refresh_rotated_at AS "refreshRotatedAt",
             s.authenticated_at AS "authenticatedAt", s.amr, s.expires_at AS "expiresAt",
             s.last_active_at AS "lastActiveAt", s.ended_at AS "endedAt", u.role, u.status,
             u.two_factor_enabled_at IS NOT NULL AS "isEnrolled"
      FROM benteng.sessions s JOIN benteng.users u ON u.id = s.user_id
      WHERE s.id = ${sessionId}::uuid`,
    );
    return row;
  }

  private async endAsStolen(
    row: Row,
    content: RotatingTokenContent,
    client: ClientContext,
    now: Date,
  ): Promise<void> {
    await this.database.transaction(async (tx) => {
      const { count } = await tx.session.updateMany({
        where: { id: row.sessionId, organizationId: row.organizationId, endedAt: null },
        data: { endedAt: now, endReason: 'REFRESH_TOKEN_REUSE' },
      });
      if (count === 0) return; // somebody else has just seen the same theft
      this.events.record(tx, {
        action: 'session.refresh_token_reused',
        organizationId: row.organizationId,
        targetId: row.userId,
        client,
        details: {
          sessionId: row.sessionId,
          spentCounter: content.counter,
          currentCounter: row.refreshCounter,
        },
      });
    });
  }

  private async toTokens(row: {
    sessionId: string;
    userId: string;
    organizationId: string;
    refreshCounter: number;
    authenticatedAt: Date;
    amr: string[];
    expiresAt: Date;
    role: string;
  }): Promise<SessionTokens> {
    const access = await this.accessTokens.issue({ ...row, sessionExpiresAt: row.expiresAt });
    return { access, ...this.toRefreshToken(row) };
  }

  private toRefreshToken(row: { sessionId: string; refreshCounter: number; expiresAt: Date }): RefreshToken {
    const { sessionId, refreshCounter: counter, expiresAt } = row;
    const refreshToken = createRotatingToken('refresh token', this.tokenKeys.current, {
      id: sessionId,
      counter,
    });
    const remainingMs = expiresAt.getTime() - this.clock.now().getTime();
    return { refreshToken, refreshMaxAgeSeconds: Math.max(1, Math.floor(remainingMs / 1000)) };
  }
}
