import { Injectable } from '@nestjs/common';
import type { Principal } from '../platform/access/principal.js';
import { addSeconds, Clock } from '../platform/clock/clock.js';
import { Config } from '../platform/config/config.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { Database, type Transaction } from '../platform/database/database.js';
import type { Session, SessionEndReason } from '../platform/database/generated/client.js';
import { notFound } from '../platform/errors/platform.errors.js';
import { eventParameters } from '../platform/events/event-chain.js';
import type { SecurityEvent } from '../platform/events/security-event.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { decodeIdCursor, toPage, type Page, type PageRequest } from '../platform/http/page.js';
import { deviceNameOf } from '../platform/identity/device-name.js';
import { idleCutoff } from './session-policy.js';
import { KEEP_SESSION_CAP, START_SESSION, START_SESSION_WITH_TRACE } from './start-session.js';
import { toSessionView, type SessionView } from './session-view.js';

/** For whom and from where a session begins. */
export interface SessionStart {
  readonly organizationId: string;
  readonly userId: string;
  /** `User.credentialVersion` when the proof was checked. */
  readonly credentialVersion: number;
  /** A hash with today's settings, to take the place of a weaker one. */
  readonly rehash?: string | undefined;
  /** RFC 8176 values: what was proved. */
  readonly amr: readonly string[];
  /** The person had signed in before, but never in this browser. */
  readonly isNewDevice: boolean;
  readonly client: ClientContext;
  readonly now: Date;
}

/** What the tokens of a session are made from. */
export type StartedSession = Pick<
  Session,
  'id' | 'userId' | 'organizationId' | 'refreshCounter' | 'authenticatedAt' | 'amr' | 'expiresAt'
>;

/** Begins, lists and ends sessions. */
@Injectable()
export class SessionsService {
  constructor(
    private readonly database: Database,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly random: RandomSource,
    private readonly events: SecurityEvents,
  ) {}

  /**
   * Begins a session: marks the account and writes the trace in the same statement, then holds the cap.
   * @param tx the transaction that completes a login of several steps, if there is one.
   * @returns null when the account was suspended or its credentials changed since `login` was proved.
   */
  async start(login: SessionStart, tx?: Transaction): Promise<StartedSession | null> {
    const { organizationId, userId, amr, client, now } = login;
    const id = this.random.id();
    const deviceName = deviceNameOf(client.userAgent);
    const expiresAt = addSeconds(now, this.config.session.absoluteSeconds);
    const parameters = [
      userId,
      organizationId,
      login.credentialVersion,
      login.rehash ?? null,
      now,
      id,
      [...amr],
      deviceName,
      client.ipAddress,
      client.userAgent,
      expiresAt,
    ];
    const event: SecurityEvent = {
      action: 'session.started',
      organizationId,
      actorId: userId,
      targetId: userId,
      client,
      details: { sessionId: id, amr, device: deviceName, newDevice: login.isNewDevice },
    };
    if (!(await this.insert(parameters, event, tx))) return null;
    const { maxPerUser } = this.config.session;
    await this.database.run(KEEP_SESSION_CAP, [userId, now, idleCutoff(this.config, now), maxPerUser], tx);
    return { id, userId, organizationId, refreshCounter: 0, authenticatedAt: now, amr: [...amr], expiresAt };
  }

  /** Runs the statement that fits: with its trace at once, or in a transaction that writes the trace at its end. */
  private async insert(parameters: unknown[], event: SecurityEvent, tx?: Transaction): Promise<boolean> {
    if (tx !== undefined) {
      const started = await this.database.run(START_SESSION, parameters, tx);
      if (started.length === 1) this.events.record(tx, event);
      return started.length === 1;
    }
    const row = this.events.toRow(event);
    const traced = await this.database.run(START_SESSION_WITH_TRACE, [
      ...parameters,
      ...eventParameters(row),
    ]);
    if (traced.length === 1) await this.events.announce({ event, row });
    return traced.length === 1;
  }

  /** The caller's live sessions, newest first. */
  async list(principal: Principal, page: PageRequest): Promise<Page<SessionView>> {
    const now = this.clock.now();
    const before = decodeIdCursor(page.cursor);
    const rows = await this.database.client.session.findMany({
      where: {
        organizationId: principal.organizationId,
        userId: principal.userId,
        endedAt: null,
        expiresAt: { gt: now },
        lastActiveAt: { gt: idleCutoff(this.config, now) },
        ...(before !== undefined && { id: { lt: before } }),
      },
      orderBy: { id: 'desc' },
      take: page.limit + 1,
    });
    return toPage(
      rows,
      page.limit,
      (row) => [row.id],
      (row) => toSessionView(row, principal.sessionId),
    );
  }

  /** Ends one session of the caller; ending it twice is fine. @throws NOT_FOUND when it is not his. */
  async revoke(principal: Principal, sessionId: string, client: ClientContext): Promise<void> {
    const { organizationId, userId } = principal;
    await this.database.transaction(async (tx) => {
      const { count } = await tx.session.updateMany({
        where: { id: sessionId, organizationId, userId, endedAt: null },
        data: {
          endedAt: this.clock.now(),
          endReason: sessionId === principal.sessionId ? 'LOGOUT' : 'REVOKED',
        },
      });
      if (count === 1) {
        this.recordEnd(tx, principal, client, { sessionId });
        return;
      }
      const known = await tx.session.count({ where: { id: sessionId, organizationId, userId } });
      if (known === 0) throw notFound();
    });
  }

  /** Ends the caller's live sessions, all or all but the current one. @returns how many. */
  async revokeAll(principal: Principal, keep: 'current' | 'none', client: ClientContext): Promise<number> {
    return this.database.transaction(async (tx) => {
      const except = keep === 'current' ? principal.sessionId : undefined;
      if (keep === 'none') await this.forgetTrust(tx, principal);
      const count = await this.endAll(tx, principal, 'REVOKED', except);
      if (count > 0) this.recordEnd(tx, principal, client, { revoked: count, keep });
      return count;
    });
  }

  /**
   * Ends every session of a user inside the caller's transaction; idle ones too, or a longer `SESSION_IDLE_SECONDS` would
   * bring them back.
   * @param except id of a session that goes on.
   * @returns how many ended.
   */
  async endAll(
    tx: Transaction,
    { organizationId, userId }: { organizationId: string; userId: string },
    reason: SessionEndReason,
    except?: string,
  ): Promise<number> {
    const now = this.clock.now();
    const { count } = await tx.session.updateMany({
      where: {
        organizationId,
        userId,
        endedAt: null,
        expiresAt: { gt: now },
        ...(except !== undefined && { id: { not: except } }),
      },
      data: { endedAt: now, endReason: reason },
    });
    return count;
  }

  /**
   * After a factor was put in force: ends the other sessions that did without one, and notes that this one proved it.
   * @param principal.sessionId of no session when a login is on its way to one.
   */
  async endUnproved(
    tx: Transaction,
    {
      organizationId,
      userId,
      sessionId,
      amr,
    }: Pick<Principal, 'organizationId' | 'userId' | 'sessionId' | 'amr'>,
  ): Promise<void> {
    const now = this.clock.now();
    await tx.session.updateMany({
      where: {
        organizationId,
        userId,
        endedAt: null,
        expiresAt: { gt: now },
        id: { not: sessionId },
        NOT: { amr: { has: 'mfa' } },
      },
      data: { endedAt: now, endReason: 'CREDENTIAL_CHANGE' },
    });
    await tx.session.updateMany({
      where: { id: sessionId, organizationId, endedAt: null },
      data: { amr: [...new Set([...amr, 'otp', 'mfa'])] },
    });
  }

  /**
   * Ends what outlives a session: open challenges and remembered devices, which are bound to the credential version.
   * Part of "sign out everywhere"; the account's row comes before its sessions (`Database.transaction`).
   */
  async forgetTrust(
    tx: Transaction,
    { organizationId, userId }: { organizationId: string; userId: string },
  ): Promise<void> {
    await tx.user.updateMany({
      where: { id: userId, organizationId },
      data: { credentialVersion: { increment: 1 } },
    });
  }

  /** Signs out: ends the session if it is still open. */
  async logout(sessionId: string, client: ClientContext): Promise<void> {
    await this.database.transaction(async (tx) => {
      // The token is what says whose session it is.
      const [ended] = await this.database.acrossTenants(() =>
        tx.session.updateManyAndReturn({
          where: { id: sessionId, endedAt: null },
          data: { endedAt: this.clock.now(), endReason: 'LOGOUT' },
          select: { organizationId: true, userId: true },
        }),
      );
      if (ended) this.recordEnd(tx, ended, client, { sessionId });
    });
  }

  /** Notes a fresh proof of identity, so that later access tokens of this session carry it. */
  async renewAuthentication(tx: Transaction, principal: Principal, now: Date): Promise<Session | null> {
    const [session] = await tx.session.updateManyAndReturn({
      where: { id: principal.sessionId, organizationId: principal.organizationId, endedAt: null },
      data: { authenticatedAt: now },
    });
    return session ?? null;
  }

  private recordEnd(
    tx: Transaction,
    who: { organizationId: string; userId: string },
    client: ClientContext,
    details: Record<string, string | number>,
  ): void {
    this.events.record(tx, {
      action: 'session.ended',
      organizationId: who.organizationId,
      actorId: who.userId,
      targetId: who.userId,
      client,
      details,
    });
  }
}
