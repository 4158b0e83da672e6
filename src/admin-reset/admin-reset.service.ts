import { Injectable } from '@nestjs/common';
import type { Principal } from '../platform/access/principal.js';
import { Clock } from '../platform/clock/clock.js';
import { Database } from '../platform/database/database.js';
import type { User } from '../platform/database/generated/client.js';
import { conflict, forbidden } from '../platform/errors/platform.errors.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { pastInstantCursor, toPage, type Page, type PageRequest } from '../platform/http/page.js';
import { CredentialsService } from '../users/credentials.service.js';
import { isUnusedTemporaryPassword } from '../users/temporary-password.js';
import { toUserView, type UserView } from '../users/user-view.js';
import { UsersService } from '../users/users.service.js';

/** A row of the queue (contract §4). */
export interface PasswordResetView {
  user: UserView;
  requestedAt: Date;
  requestIp: string | null;
  lastLoginAt: Date | null;
  twoFactorEnabled: boolean;
}

/** An administrator restores access to somebody's account, leaving a trace. */
@Injectable()
export class AdminResetService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly users: UsersService,
    private readonly credentials: CredentialsService,
    private readonly events: SecurityEvents,
  ) {}

  /** The flagged accounts of the organization, oldest request first. */
  async list(
    { organizationId }: Principal,
    { limit, cursor }: PageRequest,
  ): Promise<Page<PasswordResetView>> {
    const rows = await this.database.client.user.findMany({
      where: {
        organizationId,
        passwordResetRequestedAt: { not: null },
        ...pastInstantCursor(cursor, 'passwordResetRequestedAt', 'asc'),
      },
      orderBy: [{ passwordResetRequestedAt: 'asc' }, { id: 'asc' }],
      take: limit + 1,
    });
    return toPage(
      rows,
      limit,
      (row) => [row.passwordResetRequestedAt!.toISOString(), row.id],
      toPasswordResetView,
    );
  }

  /**
   * Issues a temporary password, for a flagged account or for any other (a first password, a call to the help desk).
   * It takes the place of the old password, is good for one change of it within 24 h, ends every session and every lock.
   * @param replace whether one that nobody has used may die for it.
   * @throws NOT_FOUND; FORBIDDEN for one's own account; CONFLICT for a suspended account, which it would not open, while
   * an unused one lies ready and `replace` is false, and when another change came first.
   */
  async issueTemporaryPassword(
    principal: Principal,
    userId: string,
    replace: boolean,
    client: ClientContext,
  ): Promise<{ temporaryPassword: string; expiresAt: Date }> {
    const { organizationId, userId: actorId } = principal;
    const user = await this.users.getRow(organizationId, userId);
    if (userId === actorId) {
      throw forbidden({
        detail: 'A temporary password for your own account must come from another administrator.',
      });
    }
    if (user.status === 'SUSPENDED') {
      throw conflict({ detail: 'The account is suspended: activate it before you issue a password.' });
    }
    if (!replace && isUnusedTemporaryPassword(user, this.clock.now())) {
      throw conflict({
        detail:
          'A temporary password that nobody has used is still good. Send "replace": true to put another one in its place.',
      });
    }
    const { password, hash, expiresAt } = await this.credentials.createTemporaryPassword(principal);
    await this.database.transaction(async (tx) => {
      await this.credentials.replacePassword(tx, user, { kind: 'temporary', hash, expiresAt });
      this.events.record(tx, {
        action: 'password.temporary_issued',
        organizationId,
        actorId,
        targetId: userId,
        client,
        details: { wasRequested: user.passwordResetRequestedAt !== null, expiresAt: expiresAt.toISOString() },
      });
    });
    return { temporaryPassword: password, expiresAt };
  }

  /** Takes the flag down without a password; doing it again changes nothing. @throws NOT_FOUND */
  async dismiss(
    { organizationId, userId: actorId }: Principal,
    userId: string,
    reason: string | undefined,
    client: ClientContext,
  ): Promise<void> {
    await this.users.getRow(organizationId, userId);
    await this.database.transaction(async (tx) => {
      const { count } = await tx.user.updateMany({
        where: { id: userId, organizationId, passwordResetRequestedAt: { not: null } },
        data: { passwordResetRequestedAt: null, passwordResetRequestIp: null },
      });
      if (count === 0) return;
      this.events.record(tx, {
        action: 'password.reset_dismissed',
        organizationId,
        actorId,
        targetId: userId,
        client,
        details: { reason: reason ?? null },
      });
    });
  }
}

function toPasswordResetView(user: User): PasswordResetView {
  const view = toUserView(user);
  return {
    user: view,
    requestedAt: user.passwordResetRequestedAt!,
    requestIp: user.passwordResetRequestIp,
    lastLoginAt: view.lastLoginAt,
    twoFactorEnabled: view.twoFactorEnabled,
  };
}
