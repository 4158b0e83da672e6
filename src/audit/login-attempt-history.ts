import { Injectable } from '@nestjs/common';
import { RefusedAttempts } from '../login-attempts/refused-attempts.js';
import type { Principal } from '../platform/access/principal.js';
import { Database } from '../platform/database/database.js';
import type { LoginAttempt, Prisma } from '../platform/database/generated/client.js';
import { beforeInstantCursor, instantKey, toPage, type Page } from '../platform/http/page.js';
import type { AttemptsExportQuery, AttemptsQuery, OwnAttemptsQuery } from './dto/audit.dto.js';

/** An attempt as people see it (contract §7). */
export type LoginAttemptView = Pick<
  LoginAttempt,
  'id' | 'email' | 'success' | 'failureReason' | 'ipAddress' | 'userAgent' | 'createdAt' | 'count'
>;

/** Filters, and where to go on. */
type AttemptRead = AttemptsExportQuery & { cursor?: string | undefined };

/** Rows of one read of the export. */
const EXPORT_BATCH = 1000;

/**
 * Reads the login audit (L-S6.2). Attempts at an address that no account has belong to no organization: they are shown to
 * operators alone (docs/decisions/0016).
 */
@Injectable()
export class LoginAttemptHistory {
  constructor(
    private readonly database: Database,
    private readonly refused: RefusedAttempts,
  ) {}

  /** The caller's own attempts, newest first. */
  async listOwn({ userId }: Principal, query: OwnAttemptsQuery): Promise<Page<LoginAttemptView>> {
    // What strangers were refused is none of it; earlier versions kept it under the account.
    const scope = {
      userId,
      OR: [{ failureReason: null }, { failureReason: { not: 'rate_limited' as const } }],
    };
    const rows = await this.read(scope, query, query.limit + 1);
    return toPage(rows, query.limit, instantKey, toView);
  }

  /** The attempts of the organization, newest first. */
  async list(principal: Principal, query: AttemptsQuery): Promise<Page<LoginAttemptView>> {
    await this.refused.flush();
    const scopes = scopesOf(principal);
    const rows = await this.readAll(scopes, query, query.limit + 1);
    return toPage(rows, query.limit, instantKey, toView);
  }

  /** All of them, in batches, so that memory stays flat however many there are. */
  async *export(principal: Principal, query: AttemptsExportQuery): AsyncGenerator<LoginAttemptView[]> {
    await this.refused.flush();
    const scopes = scopesOf(principal);
    let cursor: string | undefined;
    do {
      const rows = await this.readAll(scopes, { ...query, cursor }, EXPORT_BATCH + 1);
      const page = toPage(rows, EXPORT_BATCH, instantKey, toView);
      yield page.items;
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }

  private async readAll(
    scopes: Prisma.LoginAttemptWhereInput[],
    query: AttemptRead,
    take: number,
  ): Promise<LoginAttempt[]> {
    const lists = await Promise.all(scopes.map((scope) => this.read(scope, query, take)));
    return lists.flat().toSorted(newestFirst).slice(0, take);
  }

  private read(
    scope: Prisma.LoginAttemptWhereInput,
    { email, ip, success, from, to, cursor }: AttemptRead,
    take: number,
  ): Promise<LoginAttempt[]> {
    const where = {
      AND: [
        scope,
        { email, ipAddress: ip, success, createdAt: { gte: from, lt: to } },
        beforeInstantCursor(cursor),
      ],
    };
    // Attempts at unknown addresses belong to no organization.
    return this.database.acrossTenants(() =>
      this.database.client.loginAttempt.findMany({
        where,
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take,
      }),
    );
  }
}

/** Which rows the caller may see: each scope is served by an index of its own. */
function scopesOf({ organizationId, isOperator }: Principal): Prisma.LoginAttemptWhereInput[] {
  return isOperator ? [{ organizationId }, { organizationId: null }] : [{ organizationId }];
}

function newestFirst(a: LoginAttempt, b: LoginAttempt): number {
  return b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1);
}

function toView(row: LoginAttempt): LoginAttemptView {
  const { id, email, success, failureReason, ipAddress, userAgent, createdAt, count } = row;
  return { id, email, success, failureReason, ipAddress, userAgent, createdAt, count };
}
