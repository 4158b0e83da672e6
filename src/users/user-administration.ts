import { Injectable } from '@nestjs/common';
import { LoginAttemptsService } from '../login-attempts/login-attempts.service.js';
import { OrganizationsService } from '../organizations/organizations.service.js';
import type { Principal } from '../platform/access/principal.js';
import { isTwoFactorRequired } from '../platform/access/two-factor-policy.js';
import { Config } from '../platform/config/config.js';
import { Database, type Transaction } from '../platform/database/database.js';
import type { User } from '../platform/database/generated/client.js';
import { forbidden, notFound } from '../platform/errors/platform.errors.js';
import type { SecurityAction } from '../platform/events/security-event.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { HashBudget } from '../platform/passwords/hash-budget.js';
import { signedIn } from '../platform/passwords/hash-caller.js';
import { PasswordHasher } from '../platform/passwords/password-hasher.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { TwoFactorService } from '../two-factor/two-factor.service.js';
import { CredentialsService, type CredentialOwner } from './credentials.service.js';
import type { UpdateUserDto } from './dto/user.dto.js';
import { assertAcceptablePassword } from './new-password.js';
import { toUserView, type UserView } from './user-view.js';
import { lastAdmin } from './users.errors.js';
import { changedFields, UsersService } from './users.service.js';

/** What an administrator does to an account: role, status, password, removal. */
@Injectable()
export class UserAdministration {
  constructor(
    private readonly database: Database,
    private readonly config: Config,
    private readonly users: UsersService,
    private readonly organizations: OrganizationsService,
    private readonly sessions: SessionsService,
    private readonly credentials: CredentialsService,
    private readonly twoFactor: TwoFactorService,
    private readonly hasher: PasswordHasher,
    private readonly budget: HashBudget,
    private readonly attempts: LoginAttemptsService,
    private readonly events: SecurityEvents,
  ) {}

  /**
   * Changes an account; everything given lands, or nothing.
   * @throws NOT_FOUND, LAST_ADMIN, PASSWORD_REFUSED; FORBIDDEN for one's own password, which needs the present one;
   * CONFLICT when the password changed at the same moment.
   */
  async update(
    principal: Principal,
    id: string,
    input: UpdateUserDto,
    client: ClientContext,
  ): Promise<UserView> {
    const { organizationId } = principal;
    const { password, ...fields } = input;
    const before = await this.users.getRow(organizationId, id);
    const hash = password === undefined ? null : await this.hashFor(principal, before, password);
    await this.database.transaction(async (tx) => {
      const current = await this.lockAccount(tx, organizationId, id);
      if (isActiveAdmin(current) && !isActiveAdmin({ ...current, ...withoutUndefined(fields) })) {
        await this.assertAnotherAdmin(tx, organizationId, id);
      }
      // Who is made an administrator again later is no operator by that.
      const data = fields.role === 'USER' ? { ...fields, isOperator: false } : fields;
      await tx.user.updateMany({ where: { id, organizationId }, data });
      if (hash !== null) {
        const owner: CredentialOwner = before;
        await this.credentials.replacePassword(tx, owner, { kind: 'administered', hash });
      }
      if (fields.status === 'SUSPENDED') {
        await this.sessions.forgetTrust(tx, { organizationId, userId: id });
        await this.sessions.endAll(tx, { organizationId, userId: id }, 'SUSPENDED');
      } else if (this.mustEnrol(current, fields.role)) {
        await this.sessions.forgetTrust(tx, { organizationId, userId: id });
        await this.sessions.endAll(tx, { organizationId, userId: id }, 'FACTOR_REQUIRED');
      }
      this.recordUpdate(tx, principal, current, input, client);
    });
    return toUserView(await this.users.getRow(organizationId, id));
  }

  /**
   * Removes an account with its sessions, challenges, devices, and the service keys it made; the trail keeps its id.
   * @throws NOT_FOUND, LAST_ADMIN
   */
  async remove(principal: Principal, id: string, client: ClientContext): Promise<void> {
    const { organizationId } = principal;
    await this.database.transaction(async (tx) => {
      const user = await this.lockAccount(tx, organizationId, id);
      if (isActiveAdmin(user)) await this.assertAnotherAdmin(tx, organizationId, id);
      // What a sign-in locks before the account goes before it here too; the rest goes with the account.
      const own = { where: { organizationId, userId: id } };
      await tx.challenge.deleteMany(own);
      await tx.totpFactor.deleteMany(own);
      await tx.backupCode.deleteMany(own);
      await tx.rememberedDevice.deleteMany(own);
      await this.removeKeys(tx, principal, id, client);
      await tx.user.deleteMany({ where: { id, organizationId } });
      this.record(tx, 'user.deleted', principal, id, client, { email: user.email });
    });
  }

  /** Ends the locks of an account and of its second factor; unlocking what is open changes nothing. @throws NOT_FOUND */
  async unlock(principal: Principal, id: string, client: ClientContext): Promise<void> {
    const { organizationId } = principal;
    const { email } = await this.users.getRow(organizationId, id);
    await this.database.transaction(async (tx) => {
      const secondFactor = await this.twoFactor.unlock(tx, { organizationId, userId: id });
      const signIn = await this.attempts.unlock(tx, email);
      if (signIn || secondFactor)
        this.record(tx, 'user.unlocked', principal, id, client, { signIn, secondFactor });
    });
  }

  /** Ends every session of an account. @returns how many were live. @throws NOT_FOUND */
  async endSessions(principal: Principal, id: string, client: ClientContext): Promise<number> {
    const { organizationId } = principal;
    await this.users.getRow(organizationId, id);
    return this.database.transaction(async (tx) => {
      await this.sessions.forgetTrust(tx, { organizationId, userId: id });
      const revoked = await this.sessions.endAll(tx, { organizationId, userId: id }, 'REVOKED_BY_ADMIN');
      this.record(tx, 'session.ended', principal, id, client, { revoked });
      return revoked;
    });
  }

  /**
   * Removes a lost second factor; every session ends. Removing what is not there changes nothing.
   * @throws NOT_FOUND; FORBIDDEN for one's own, which needs a code.
   */
  async removeTwoFactor(principal: Principal, id: string, client: ClientContext): Promise<void> {
    const { organizationId } = principal;
    if (principal.userId === id) throw forbidden({ detail: 'Turn off your own second factor with a code.' });
    const user = await this.users.getRow(organizationId, id);
    if (user.twoFactorEnabledAt === null) return;
    await this.database.transaction(async (tx) => {
      await this.twoFactor.removeByAdmin(tx, principal, id, client);
      await this.sessions.endAll(tx, { organizationId, userId: id }, 'FACTOR_REMOVED');
    });
  }

  /** Whether the new role brings somebody without a second factor under `REQUIRE_TWO_FACTOR`: signing in enrols. */
  private mustEnrol({ role: before, twoFactorEnabledAt }: User, role: string = before): boolean {
    return role !== before && twoFactorEnabledAt === null && isTwoFactorRequired(this.config, role);
  }

  /** What nobody answers for any more opens nothing; each key that ends leaves its own trace. */
  private async removeKeys(
    tx: Transaction,
    principal: Principal,
    createdBy: string,
    client: ClientContext,
  ): Promise<void> {
    const where = { organizationId: principal.organizationId, createdBy };
    const keys = await tx.serviceKey.findMany({ where, select: { id: true, name: true, hint: true } });
    await tx.serviceKey.deleteMany({ where });
    for (const { id, name, hint } of keys) {
      this.record(tx, 'service_key.deleted', principal, id, client, { name, hint, because: 'maker_deleted' });
    }
  }

  private async hashFor(principal: Principal, user: User, password: string): Promise<string> {
    if (principal.userId === user.id) {
      throw forbidden({ detail: 'Change your own password with POST /auth/change-password.' });
    }
    const { name } = await this.database.client.organization.findFirstOrThrow({
      where: { id: user.organizationId },
    });
    assertAcceptablePassword('password', password, { email: user.email, organizationName: name });
    await this.budget.spendOfPerson(principal.userId);
    return this.hasher.hash(password, signedIn(principal.userId));
  }

  /** Decisions about administrators happen one at a time per organization. */
  private async lockAccount(tx: Transaction, organizationId: string, id: string): Promise<User> {
    await this.organizations.lock(tx, organizationId);
    const user = await tx.user.findFirst({ where: { id, organizationId } });
    if (user === null) throw notFound();
    return user;
  }

  /** Whoever never signed in, or cannot any more, is no administrator to rely on: nobody could let them in again. */
  private async assertAnotherAdmin(tx: Transaction, organizationId: string, id: string): Promise<void> {
    const others = await tx.user.count({
      where: {
        organizationId,
        role: 'ADMIN',
        status: 'ACTIVE',
        id: { not: id },
        lastLoginAt: { not: null },
        passwordHash: { not: null },
        // One that waits for the forced change may never come: the password ends by itself.
        temporaryPasswordExpiresAt: null,
      },
    });
    if (others === 0) throw lastAdmin();
  }

  private recordUpdate(
    tx: Transaction,
    principal: Principal,
    before: User,
    input: UpdateUserDto,
    client: ClientContext,
  ): void {
    const { role, status } = input;
    this.record(tx, 'user.updated', principal, before.id, client, { fields: changedFields(input) });
    if (role !== undefined && role !== before.role) {
      this.record(tx, 'user.role_changed', principal, before.id, client, {
        from: before.role,
        to: role,
      });
    }
    if (status !== undefined && status !== before.status) {
      const action = status === 'SUSPENDED' ? 'user.suspended' : 'user.activated';
      this.record(tx, action, principal, before.id, client, {});
    }
    if (input.password !== undefined) {
      this.record(tx, 'password.set_by_admin', principal, before.id, client, {});
    }
  }

  private record(
    tx: Transaction,
    action: SecurityAction,
    { organizationId, userId: actorId }: Principal,
    targetId: string,
    client: ClientContext,
    details: Record<string, string | number | boolean | string[]>,
  ): void {
    this.events.record(tx, { action, organizationId, actorId, targetId, client, details });
  }
}

function isActiveAdmin({ role, status }: Pick<User, 'role' | 'status'>): boolean {
  return role === 'ADMIN' && status === 'ACTIVE';
}

function withoutUndefined<T extends object>(input: T): Partial<T> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as Partial<T>;
}
