import { Injectable } from '@nestjs/common';
import type { Principal } from '../platform/access/principal.js';
import { Clock } from '../platform/clock/clock.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { isUniqueViolation } from '../platform/database/database-errors.js';
import { BatchedRead } from '../platform/database/batched-read.js';
import { Database } from '../platform/database/database.js';
import type { User } from '../platform/database/generated/client.js';
import { conflict, forbidden, notFound, sessionEnded } from '../platform/errors/platform.errors.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { decodeIdCursor, toPage, type Page } from '../platform/http/page.js';
import type { CreateUserDto, ListUsersQuery, UpdateMeDto } from './dto/user.dto.js';
import { toOwnUserView, toUserView, type OwnUser, type OwnUserView, type UserView } from './user-view.js';

/** Yields rows of `OwnUser`; by hand, since clients ask for it all the time. */
const FIND_OWN_USERS = {
  name: 'find_own_users',
  text: `
    SELECT u.id, u.organization_id AS "organizationId", u.email, u.name, u.locale, u.role, u.status, u.password_hash AS "passwordHash",
           u.must_change_password AS "mustChangePassword", u.password_changed_at AS "passwordChangedAt",
           u.temporary_password_expires_at AS "temporaryPasswordExpiresAt", u.temporary_password_uses AS "temporaryPasswordUses",
           u.two_factor_enabled_at AS "twoFactorEnabledAt", u.password_reset_requested_at AS "passwordResetRequestedAt", u.token_balance AS "tokenBalance",
           u.last_login_at AS "lastLoginAt", u.created_at AS "createdAt", u.updated_at AS "updatedAt",
           json_build_object('id', o.id, 'name', o.name) AS organization
    FROM benteng.users u JOIN benteng.organizations o ON o.id = u.organization_id
    WHERE u.id = ANY ($1::uuid[])`,
};

const SEARCH_FORM = { name: 'search_form', text: 'SELECT benteng.search_form($1::text) AS form' };

/** Reads accounts and changes what is harmless; role, status and password are in `UserAdministration`. */
@Injectable()
export class UsersService {
  private readonly ownUsers: BatchedRead<OwnUser & { organizationId: string }>;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly random: RandomSource,
    private readonly events: SecurityEvents,
  ) {
    this.ownUsers = new BatchedRead(database, FIND_OWN_USERS);
  }

  /** The caller's own account. */
  async getOwn(principal: Principal): Promise<OwnUserView> {
    const user = await this.ownUsers.find(principal.userId);
    if (user?.organizationId !== principal.organizationId) throw sessionEnded();
    return toOwnUserView(user);
  }

  async updateOwn(
    principal: Principal,
    { name, locale }: UpdateMeDto,
    client: ClientContext,
  ): Promise<OwnUserView> {
    const { userId: id, organizationId } = principal;
    const fields = changedFields({ name, locale });
    if (fields.length === 0) return this.getOwn(principal);
    await this.database.transaction(async (tx) => {
      await tx.user.updateMany({ where: { id, organizationId }, data: { name, locale } });
      this.events.record(tx, {
        action: 'user.updated',
        organizationId,
        actorId: id,
        targetId: id,
        client,
        details: { fields },
      });
    });
    return this.getOwn(principal);
  }

  /** An account of the caller's organization: any for an administrator, one's own for the rest. @throws NOT_FOUND */
  async get(principal: Principal, id: string): Promise<UserView> {
    if (principal.role !== 'ADMIN' && principal.userId !== id) throw forbidden();
    return toUserView(await this.getRow(principal.organizationId, id));
  }

  /** The accounts of the organization, newest first. */
  async list(principal: Principal, query: ListUsersQuery): Promise<Page<UserView>> {
    const before = decodeIdCursor(query.cursor);
    const { organizationId } = principal;
    const rows = await this.database.client.user.findMany({
      where: {
        organizationId,
        role: query.role,
        status: query.status,
        mustChangePassword: query.mustChangePassword,
        ...(query.passwordResetRequested !== undefined && {
          passwordResetRequestedAt: query.passwordResetRequested ? { not: null } : null,
        }),
        ...(query.search !== undefined &&
          query.search !== '' && {
            searchTerms: { some: { organizationId, term: await this.termsFrom(query.search) } },
          }),
        ...(before !== undefined && { id: { lt: before } }),
      },
      orderBy: { id: 'desc' },
      take: query.limit + 1,
    });
    return toPage(rows, query.limit, (row) => [row.id], toUserView);
  }

  /** The terms that begin with a text, as it is (ASVS V1.2.9): a range, which an index serves under row security. */
  private async termsFrom(text: string): Promise<{ gte: string; lt: string }> {
    // The database brings terms and text into one form: what a lower-case letter is differs from locale to locale.
    const [row] = await this.database.run<{ form: string }>(SEARCH_FORM, [text]);
    return { gte: row!.form, lt: row!.form + LAST_CHARACTER };
  }

  /** Adds an account without a password (O-1). @throws CONFLICT when the address is in use. */
  async create(principal: Principal, input: CreateUserDto, client: ClientContext): Promise<UserView> {
    const { organizationId, userId: actorId } = principal;
    try {
      return await this.database.transaction(async (tx) => {
        const user = await tx.user.create({
          data: { id: this.random.id(), organizationId, ...input, createdAt: this.clock.now() },
        });
        this.events.record(tx, {
          action: 'user.created',
          organizationId,
          actorId,
          targetId: user.id,
          client,
          details: { email: user.email, role: user.role },
        });
        return toUserView(user);
      });
    } catch (error) {
      if (isUniqueViolation(error))
        throw conflict({ detail: 'This email address is already in use.', cause: error });
      throw error;
    }
  }

  /** The row of an account in this organization. @throws NOT_FOUND for every other one alike. */
  async getRow(organizationId: string, id: string): Promise<User> {
    const user = await this.database.client.user.findFirst({ where: { id, organizationId } });
    if (user === null) throw notFound();
    return user;
  }
}

/** Names of the fields that were given. */
export function changedFields(input: object): string[] {
  return Object.entries(input)
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);
}

/** Sorts behind whatever may follow in a term: a code point that no text has. */
const LAST_CHARACTER = '\u{10ffff}';
