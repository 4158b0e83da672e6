import { Injectable } from '@nestjs/common';
import type { AccessClaims } from '../platform/access/access-claims.js';
import { PrincipalReader } from '../platform/access/principal-reader.js';
import type { Principal, RoleName } from '../platform/access/principal.js';
import { isTwoFactorRequired } from '../platform/access/two-factor-policy.js';
import { Config } from '../platform/config/config.js';
import { BatchedRead } from '../platform/database/batched-read.js';
import { Database } from '../platform/database/database.js';
import { isActivityDue, isLive, type SessionState } from './session-policy.js';

interface Row extends SessionState {
  id: string;
  userId: string;
  organizationId: string;
  amr: string[];
  email: string;
  role: RoleName;
  status: 'ACTIVE' | 'SUSPENDED';
  isEnrolled: boolean;
  isOperator: boolean;
}

const FIND_LIVE_SESSIONS = {
  name: 'find_live_sessions',
  text: `
    SELECT s.id, s.user_id AS "userId", s.organization_id AS "organizationId", s.amr, s.ended_at AS "endedAt",
           s.expires_at AS "expiresAt", s.last_active_at AS "lastActiveAt", u.email, u.role, u.status,
           u.two_factor_enabled_at IS NOT NULL AS "isEnrolled", u.is_operator AS "isOperator"
    FROM benteng.sessions s JOIN benteng.users u ON u.id = s.user_id
    WHERE s.id = ANY ($1::uuid[])`,
};

/**
 * Who stands behind an access token, read anew on every request: a revoked session, a suspended user, a changed role
 * and a demanded second factor bite on the next one (ASVS V7.4.1, V8.3.2). One read by primary key, joined by primary key, shared by the requests of
 * one turn of the event loop.
 */
@Injectable()
export class LiveSessionReader extends PrincipalReader {
  private readonly sessions: BatchedRead<Row>;

  constructor(
    private readonly database: Database,
    private readonly config: Config,
  ) {
    super();
    this.sessions = new BatchedRead(database, FIND_LIVE_SESSIONS);
  }

  override async findPrincipal(claims: AccessClaims, now: Date): Promise<Principal | null> {
    const row = await this.sessions.find(claims.sid);
    if (row === undefined || row.userId !== claims.sub || row.organizationId !== claims.org) return null;
    if (row.status !== 'ACTIVE' || !isLive(row, this.config, now)) return null;
    // A session older than the setting, or than the role, is none: the next sign-in enrols.
    if (!row.isEnrolled && isTwoFactorRequired(this.config, row.role)) return null;
    if (isActivityDue(row, this.config, now)) await this.touch(claims.sid, now);
    return {
      userId: row.userId,
      organizationId: row.organizationId,
      sessionId: claims.sid,
      via: 'session',
      email: row.email,
      role: row.role,
      isOperator: row.isOperator && row.role === 'ADMIN',
      amr: row.amr,
      authenticatedAt: new Date(claims.auth_time * 1000),
    };
  }

  private async touch(sessionId: string, now: Date): Promise<void> {
    await this.database.acrossTenants(
      () => this.database.client.$executeRaw`
      UPDATE benteng.sessions SET last_active_at = ${now}
      WHERE id = ${sessionId}::uuid AND ended_at IS NULL AND last_active_at < ${now}`,
    );
  }
}
