import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import type { Principal } from '../platform/access/principal.js';
import { Clock } from '../platform/clock/clock.js';
import { Database } from '../platform/database/database.js';
import type { Organization, User } from '../platform/database/generated/client.js';
import { sessionEnded } from '../platform/errors/platform.errors.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import { addressBucket } from '../platform/http/client-address.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { LimitsService } from '../platform/limits/limits.service.js';
import { passwordRefused } from '../platform/passwords/password.errors.js';
import { HashBudget } from '../platform/passwords/hash-budget.js';
import { signedIn } from '../platform/passwords/hash-caller.js';
import { PasswordHasher } from '../platform/passwords/password-hasher.js';
import { ProofTries } from '../sessions/proof-tries.js';
import { RefreshRotation, type RefreshToken } from '../sessions/refresh-rotation.js';
import { CredentialsService } from '../users/credentials.service.js';
import { assertAcceptablePassword } from '../users/new-password.js';
import { invalidCredentials } from './auth.errors.js';
import { ChallengesService } from './challenges.service.js';
import type { ChangePasswordDto, ForcedPasswordChangeDto } from './dto/auth.dto.js';
import type { LoginBrowser } from './login-browser.js';
import type { LoginOutcome } from './login-result.js';
import { LoginSteps } from './login-steps.js';

type Account = User & { organization: Organization };

/** Every answer to a forgotten password takes at least this long, so that its time tells nothing. */
const FORGOT_PASSWORD_MS = 250;

/** Requests for help of one address, whatever the emails. */
const HELP_PER_ADDRESS = { requests: 10, seconds: 3600 };

const FORGOT_PASSWORD_ANSWER = {
  status: 'accepted',
  message:
    'If this address belongs to an account, an administrator has been asked to help. They will give you a temporary password in person or by phone.',
} as const;

/** Changes of passwords by their owner, and the request for help. */
@Injectable()
export class PasswordsService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly hasher: PasswordHasher,
    private readonly tries: ProofTries,
    private readonly budget: HashBudget,
    private readonly limits: LimitsService,
    private readonly credentials: CredentialsService,
    private readonly challenges: ChallengesService,
    private readonly steps: LoginSteps,
    private readonly rotation: RefreshRotation,
    private readonly events: SecurityEvents,
  ) {}

  /**
   * The forced change after a temporary or administered password; takes the next step of the login. A refused password spends
   * nothing, the person may try another.
   * @throws CHALLENGE_REFUSED, PASSWORD_REFUSED
   */
  async completeForcedChange(
    input: ForcedPasswordChangeDto,
    browser: LoginBrowser,
    client: ClientContext,
  ): Promise<LoginOutcome> {
    const challenge = await this.challenges.getOpen(input.challengeToken, 'PASSWORD_CHANGE');
    const { user } = challenge;
    const hash = await this.hashNew(input.newPassword, user, () =>
      this.budget.spendOfChallenge(challenge.id),
    );
    const now = this.clock.now();
    const answer = await this.database.transaction(async (tx) => {
      await this.challenges.consume(tx, challenge);
      await this.credentials.replacePassword(tx, user, { kind: 'chosen', hash });
      this.recordChange(tx, user, client);
      const changed = await tx.user.findFirstOrThrow({
        where: { id: user.id, organizationId: user.organizationId },
        include: { organization: true },
      });
      // The second factor, where there is one, was proved before this challenge was issued.
      return this.steps.proceed(
        { user: changed, amr: challenge.amr, secondFactorHolds: true, browser, client, now },
        tx,
      );
    });
    return answer();
  }

  /**
   * Replaces one's own password; every other session ends, and so does every copy of this one's refresh token.
   * @returns the refresh token that this session goes on with.
   * @throws INVALID_CREDENTIALS when the present password is wrong; PASSWORD_REFUSED; RATE_LIMITED
   */
  async change(principal: Principal, input: ChangePasswordDto, client: ClientContext): Promise<RefreshToken> {
    const user = await this.verifyOwnPassword(principal, input.currentPassword, client);
    const hash = await this.hashNew(input.newPassword, user);
    return this.database.transaction(async (tx) => {
      await this.credentials.replacePassword(tx, user, {
        kind: 'chosen',
        hash,
        keepSessionId: principal.sessionId,
      });
      this.recordChange(tx, user, client);
      return this.rotation.beginAnew(tx, principal);
    });
  }

  /**
   * Checks the password of the signed-in person. Wrong ones are counted with wrong codes, per account (`ProofTries`),
   * since a stolen access token must not become a way to learn the password.
   * @throws INVALID_CREDENTIALS, RATE_LIMITED
   */
  async verifyOwnPassword(principal: Principal, password: string, client: ClientContext): Promise<Account> {
    await this.budget.spendOfPerson(principal.userId);
    return this.tries.judge(principal, 'pwd', client, () => this.compareOwnPassword(principal, password));
  }

  private async compareOwnPassword(principal: Principal, password: string): Promise<Account> {
    const user = await this.database.client.user.findFirst({
      where: { id: principal.userId, organizationId: principal.organizationId },
      include: { organization: true },
    });
    if (user === null) throw sessionEnded();
    if (!(await this.hasher.verify(user, password, signedIn(user.id)))) {
      throw invalidCredentials({ detail: 'The password is not right.' });
    }
    return user;
  }

  /**
   * Raises the flag for the administrators and tells nothing: no mail, no token, one answer of one length after one
   * time. A flag that stands keeps its date, so that asking again does not move the request back in the queue.
   */
  async requestHelp(email: string, client: ClientContext): Promise<typeof FORGOT_PASSWORD_ANSWER> {
    // One address must not flag a whole organization.
    await this.limits.consume('FORGOT_PASSWORD_IP', addressBucket(client.ipAddress), HELP_PER_ADDRESS);
    const pause = delay(FORGOT_PASSWORD_MS);
    await this.raiseFlag(email, client);
    await pause;
    return FORGOT_PASSWORD_ANSWER;
  }

  private async raiseFlag(email: string, client: ClientContext): Promise<void> {
    await this.database.transaction(async (tx) => {
      // The address is what says whose account it is.
      const [flagged] = await this.database.acrossTenants(() =>
        tx.user.updateManyAndReturn({
          where: { email, status: 'ACTIVE', passwordResetRequestedAt: null },
          data: { passwordResetRequestedAt: this.clock.now(), passwordResetRequestIp: client.ipAddress },
          select: { id: true, organizationId: true },
        }),
      );
      if (flagged === undefined) return;
      this.events.record(tx, {
        action: 'password.reset_requested',
        organizationId: flagged.organizationId,
        targetId: flagged.id,
        client,
      });
    });
  }

  /**
   * Judges and hashes a new password, which must differ from the present one: first what costs nothing.
   * @param spend the budget for what costs a hash.
   */
  private async hashNew(newPassword: string, user: Account, spend?: () => Promise<void>): Promise<string> {
    assertAcceptable(newPassword, user);
    await spend?.();
    if (await this.hasher.verify(user, newPassword, signedIn(user.id))) {
      const message = 'newPassword must differ from the present password';
      throw passwordRefused({ errors: [{ field: 'newPassword', code: 'same_as_current', message }] });
    }
    return this.hasher.hash(newPassword, signedIn(user.id));
  }

  private recordChange(
    tx: Parameters<SecurityEvents['record']>[0],
    { id, organizationId }: User,
    client: ClientContext,
  ): void {
    this.events.record(tx, {
      action: 'password.changed',
      organizationId,
      actorId: id,
      targetId: id,
      client,
    });
  }
}

function assertAcceptable(newPassword: string, { email, organization }: Account): void {
  assertAcceptablePassword('newPassword', newPassword, { email, organizationName: organization.name });
}
