import { Injectable } from '@nestjs/common';
import { addSeconds, Clock } from '../platform/clock/clock.js';
import { Config } from '../platform/config/config.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { Database, type Transaction } from '../platform/database/database.js';
import type { LoginFailureReason, User } from '../platform/database/generated/client.js';
import { Signals } from '../platform/events/signals.js';
import { addressBucket } from '../platform/http/client-address.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { LimitsService } from '../platform/limits/limits.service.js';
import {
  ADD_REFUSED_ATTEMPT,
  BOOK_ATTEMPT,
  MARK_ATTEMPT,
  SETTLE_ATTEMPT,
  WITHDRAW_ATTEMPT,
} from './attempt-statements.js';

/** Who is trying, before anything was proved. */
export interface LoginTry {
  /** Canonical. */
  readonly email: string;
  /** Null when no account has the address. */
  readonly user: Pick<User, 'id' | 'organizationId'> | null;
  /** Id of a browser that its owner has used before; null: a stranger's. */
  readonly knownDeviceId: string | null;
  /** What the row says if the password turns out wrong. */
  readonly reason: LoginFailureReason;
  readonly client: ClientContext;
}

/** A try that was booked: its row stands, as failed. */
export interface AttemptBooking {
  readonly attemptId: string;
  readonly email: string;
  readonly lane: string;
  /** The client's address as limits count it. */
  readonly addressBucket: string;
  readonly bookedAt: Date;
  /** The email is locked in this lane: the password must not be looked at. */
  readonly isLocked: boolean;
  /** If this one fails, the email stays locked. */
  readonly locks: boolean;
  /** Failures of the email in this lane within the window, this one not counted. */
  readonly failuresBefore: number;
  /** Failures of the client's address within the window, up to 100, when proof of work is on; else 0. */
  readonly addressFailures: number;
}

/**
 * Counts and records tries to sign in. Lockouts are kept per email, known or not, and per lane: strangers share one, each
 * known device of the owner has its own, so that nobody can lock an owner out of the owner's own browser.
 */
@Injectable()
export class LoginAttemptsService {
  /** Tries of this instance that are still being judged, per email and lane. */
  private readonly open = new Map<string, Set<Promise<void>>>();

  constructor(
    private readonly database: Database,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly random: RandomSource,
    private readonly signals: Signals,
    private readonly limits: LimitsService,
  ) {}

  /**
   * Books a try as failed and has `judge` find out what it is. Earlier tries that are still being judged may turn out
   * right, so a try that is refused because of them waits for their verdicts and is booked again: somebody who signs in
   * on many devices at once is not locked out by the own right password.
   */
  async book<T>(login: LoginTry, judge: (booking: AttemptBooking) => Promise<T>): Promise<T> {
    const key = JSON.stringify([login.email, login.knownDeviceId]);
    const tries = this.open.get(key) ?? new Set<Promise<void>>();
    // Only earlier ones are waited for, so nobody waits in a circle.
    const earlier = [...tries];
    let settle = (): void => undefined;
    const settled = new Promise<void>((resolve) => (settle = resolve));
    this.open.set(key, tries.add(settled));
    try {
      let booking = await this.bookOnce(login, earlier.length > 0);
      if (booking.isLocked && earlier.length > 0) {
        await Promise.all(earlier);
        booking = await this.bookOnce(login, false);
      }
      if (booking.isLocked) settle();
      return await judge(booking);
    } finally {
      settle();
      tries.delete(settled);
      if (tries.size === 0 && this.open.get(key) === tries) this.open.delete(key);
    }
  }

  /** One statement. @param again a refused try leaves no row, since it will be booked again. */
  private async bookOnce(
    { email, user, knownDeviceId, reason, client }: LoginTry,
    again: boolean,
  ): Promise<AttemptBooking> {
    const { failures, windowSeconds, lockSeconds } = this.config.lockout;
    const bookedAt = this.clock.now();
    const attemptId = this.random.id();
    const lane = knownDeviceId ?? '';
    const [booking] = await this.database.run<{
      failuresBefore: number;
      locks: boolean;
      addressFailures: number;
    }>(BOOK_ATTEMPT, [
      email,
      lane,
      bookedAt,
      addSeconds(bookedAt, -windowSeconds),
      addSeconds(bookedAt, lockSeconds),
      failures,
      addSeconds(bookedAt, Math.max(windowSeconds, lockSeconds)),
      attemptId,
      user?.organizationId ?? null,
      user?.id ?? null,
      reason,
      client.ipAddress,
      addressBucket(client.ipAddress),
      client.userAgent,
      client.requestId,
      this.config.captcha !== 'off',
      again,
    ]);
    const isLocked = booking === undefined;
    return {
      attemptId,
      email,
      lane,
      addressBucket: addressBucket(client.ipAddress),
      bookedAt,
      isLocked,
      locks: booking?.locks ?? false,
      failuresBefore: booking?.failuresBefore ?? failures,
      addressFailures: booking?.addressFailures ?? 0,
    };
  }

  /**
   * The password was right: neither the try nor earlier failures of this browser count any longer, and the row says how the
   * try stands.
   * @param pending what the row says while a second factor is awaited; null: the try succeeded.
   */
  async succeed(booking: AttemptBooking, pending: LoginFailureReason | null = null): Promise<void> {
    const { email, lane, bookedAt, attemptId } = booking;
    const isProved = pending === null;
    const parameters = [email, lane, bookedAt, attemptId, isProved, pending, booking.addressBucket];
    await this.database.run(SETTLE_ATTEMPT, parameters);
  }

  /** Nothing was judged: the try leaves no trace. One during a lock was never counted. */
  async withdraw({ isLocked, email, lane, bookedAt, attemptId }: AttemptBooking): Promise<void> {
    if (!isLocked) await this.database.run(WITHDRAW_ATTEMPT, [email, lane, bookedAt, attemptId]);
  }

  /** Says what became of an attempt whose booking was settled before. @param reason null: it succeeded. */
  async mark(attemptId: string, reason: LoginFailureReason | null, tx?: Transaction): Promise<void> {
    await this.database.run(MARK_ATTEMPT, [attemptId, reason === null, reason], tx);
  }

  /** Records a try that was refused before or after the password, and counts elsewhere. */
  async addRefused(
    email: string,
    user: LoginTry['user'],
    reason: LoginFailureReason,
    client: ClientContext,
  ): Promise<void> {
    this.signals.emit({ kind: 'login_attempt', outcome: reason });
    await this.database.run(ADD_REFUSED_ATTEMPT, [
      this.random.id(),
      user?.organizationId ?? null,
      user?.id ?? null,
      email,
      reason,
      client.ipAddress,
      addressBucket(client.ipAddress),
      client.userAgent,
      client.requestId,
      this.clock.now(),
    ]);
  }

  /** Ends every lock of an email, and forgets its failures and counted tries. @returns whether anything was locked. */
  async unlock(tx: Transaction, email: string): Promise<boolean> {
    await this.limits.forget('LOGIN_EMAIL', email);
    const now = this.clock.now();
    const locked = await tx.loginLockout.count({ where: { email, lockedUntil: { gt: now } } });
    await tx.loginLockout.deleteMany({ where: { email } });
    return locked > 0;
  }
}
