import { Injectable } from '@nestjs/common';
import { LoginAttemptsService, type AttemptBooking } from '../login-attempts/login-attempts.service.js';
import { Clock } from '../platform/clock/clock.js';
import { Database, type Transaction } from '../platform/database/database.js';
import type { LoginFailureReason, Organization, User } from '../platform/database/generated/client.js';
import { Problem } from '../platform/errors/problem.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import { Signals } from '../platform/events/signals.js';
import type { ClientContext } from '../platform/http/client-context.js';
import type { HashCaller } from '../platform/passwords/hash-caller.js';
import { PasswordHasher } from '../platform/passwords/password-hasher.js';
import { RememberedDevicesService } from '../two-factor/remembered-devices.service.js';
import { CredentialsService } from '../users/credentials.service.js';
import { isSpentTemporaryPassword } from '../users/temporary-password.js';
import { invalidCredentials } from './auth.errors.js';
import { CaptchaService } from './captcha.service.js';
import type { LoginDto } from './dto/auth.dto.js';
import { LoginAdmission, type AdmittedLogin } from './login-admission.js';
import type { CountedBrowser, LoginBrowser } from './login-browser.js';
import type { LoginOutcome } from './login-result.js';
import { LoginSteps } from './login-steps.js';
import { SprayDetector } from './spray-detector.js';

type Account = User & { organization: Organization };

/** Sign-in with a password: the first proof of every login. What follows is in `LoginSteps`. */
@Injectable()
export class LoginService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly hasher: PasswordHasher,
    private readonly attempts: LoginAttemptsService,
    private readonly admission: LoginAdmission,
    private readonly captcha: CaptchaService,
    private readonly devices: RememberedDevicesService,
    private readonly credentials: CredentialsService,
    private readonly steps: LoginSteps,
    private readonly events: SecurityEvents,
    private readonly signals: Signals,
    private readonly sprays: SprayDetector,
  ) {}

  /**
   * Checks email and password. Unknown, suspended, locked and passwordless accounts cost the same statements and the same
   * hash, and get the same answer (ASVS V6.3.8).
   * @throws INVALID_CREDENTIALS for every reason alike; before the password is looked at RATE_LIMITED, CAPTCHA_REQUIRED and
   *   UNAVAILABLE, which count nowhere.
   */
  async login(input: LoginDto, browser: CountedBrowser, client: ClientContext): Promise<LoginOutcome> {
    const { email, altcha } = input;
    const stranger = { email, altcha, knownDeviceId: null, client };
    const knownDeviceId = browser.knownDeviceId(email);
    if (knownDeviceId !== null) {
      const outcome = await this.admission.admit({ ...stranger, knownDeviceId }, browser, (login) =>
        this.judge(input, login, browser, client, true),
      );
      if (outcome !== null) return outcome;
    }
    const outcome = await this.admission.admit(stranger, browser, (login) =>
      this.judge(input, login, browser, client, false),
    );
    return outcome!;
  }

  /** @returns null, and nothing counts, when the browser came in by a lane that a change of password has closed. */
  private async judge(
    { email, password, altcha }: LoginDto,
    login: AdmittedLogin,
    browser: CountedBrowser,
    client: ClientContext,
    byLane: boolean,
  ): Promise<LoginOutcome | null> {
    // One statement for known and unknown alike: the organization comes by a join.
    const user = await this.database.acrossTenants(() =>
      this.database.client.user.findFirst({ where: { email }, include: { organization: true } }),
    );
    const reason = refusalOf(user, this.clock.now());
    const knownDeviceId = browser.knownDeviceId(email, user?.passwordChangedAt);
    if (byLane && knownDeviceId === null) {
      await login.giveBack();
      return null;
    }
    return this.attempts.book({ email, user, knownDeviceId, reason, client }, async (booking) => {
      const usable = booking.isLocked || reason !== 'invalid_password' ? null : user;
      const matches = await this.unlessRefused(booking, async () => {
        if (!login.hasWorked && this.captcha.isDue(booking)) await this.captcha.spend(altcha);
        return this.hasher.verify(usable, password, login.caller);
      });
      if (usable !== null && matches) {
        await login.forgive();
        return this.succeed(usable, password, booking, login.caller, browser, client);
      }
      this.sprays.note(email, password);
      await this.fail(booking, user, reason, client);
      throw invalidCredentials();
    });
  }

  /** What is refused before the password was judged is taken back: it does not count towards the lockout. */
  private async unlessRefused<T>(booking: AttemptBooking, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Problem) await this.attempts.withdraw(booking);
      throw error;
    }
  }

  private async fail(
    booking: AttemptBooking,
    user: Account | null,
    reason: LoginFailureReason,
    client: ClientContext,
  ): Promise<void> {
    this.signals.emit({ kind: 'login_attempt', outcome: booking.isLocked ? 'account_locked' : reason });
    if (!booking.locks || user === null) return;
    await this.database.transaction(async (tx) =>
      this.events.record(tx, {
        action: 'user.locked',
        organizationId: user.organizationId,
        targetId: user.id,
        client,
        details: { knownDevice: booking.lane !== '' },
      }),
    );
  }

  private async succeed(
    user: Account,
    password: string,
    booking: AttemptBooking,
    caller: HashCaller,
    browser: LoginBrowser,
    client: ClientContext,
  ): Promise<LoginOutcome> {
    const rehash = this.hasher.needsRehash(user.passwordHash!)
      ? await this.unlessRefused(booking, () => this.hasher.hash(password, caller))
      : undefined;
    const now = this.clock.now();
    const { rememberedDeviceToken: token } = browser;
    const device =
      user.twoFactorEnabledAt !== null && token !== null
        ? await this.devices.use(token, user, client, now)
        : null;
    const { attemptId } = booking;
    const secondFactorHolds = device !== null;
    const isProved = secondFactorHolds || user.twoFactorEnabledAt === null;
    await this.attempts.succeed(booking, isProved ? null : 'two_factor_failed');
    const proof = { user, amr: ['pwd'], secondFactorHolds, browser, client, now, rehash, attemptId };
    try {
      const answer =
        user.temporaryPasswordExpiresAt === null
          ? await this.steps.proceed(proof)
          : await this.database.transaction(async (tx) => {
              const current = await this.useTemporaryPassword(tx, user, client, now);
              return this.steps.proceed({ ...proof, user: current }, tx);
            });
      this.signals.emit({ kind: 'login_attempt', outcome: isProved ? 'success' : 'challenge' });
      return { ...(await answer()), ...(device !== null && { device }) };
    } catch (error) {
      // The account changed between the proof and the session: nobody was let in.
      if (error instanceof Problem) await this.attempts.mark(attemptId, 'invalid_password');
      throw error;
    }
  }

  /** A temporary password is spent by the change it opens, and used five times at most until then. */
  private async useTemporaryPassword(
    tx: Transaction,
    user: Account,
    client: ClientContext,
    now: Date,
  ): Promise<Account> {
    const { id, organizationId, organization } = user;
    const current = await this.credentials.useTemporaryPassword(tx, user, now);
    if (current === null) throw invalidCredentials();
    this.events.record(tx, {
      action: 'password.temporary_used',
      organizationId,
      actorId: id,
      targetId: id,
      client,
      details: { use: current.temporaryPasswordUses },
    });
    return { ...current, organization };
  }
}

/** What an attempt on this account fails for, unless the password is right and the reason is `invalid_password`. */
function refusalOf(user: User | null, now: Date): LoginFailureReason {
  if (user === null) return 'unknown_email';
  if (user.status === 'SUSPENDED') return 'account_suspended';
  if (user.passwordHash === null) return 'no_password';
  return isSpentTemporaryPassword(user, now) ? 'temporary_password_expired' : 'invalid_password';
}
