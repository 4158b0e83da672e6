import { Injectable } from '@nestjs/common';
import type { Principal, ServicePrincipal } from '../platform/access/principal.js';
import { Clock } from '../platform/clock/clock.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { Database, type Transaction } from '../platform/database/database.js';
import type { BalanceEntry } from '../platform/database/generated/client.js';
import { conflict, notFound } from '../platform/errors/platform.errors.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { decodeIdCursor, toPage, type Page, type PageRequest } from '../platform/http/page.js';
import { balanceTooLow } from './balance.errors.js';
import type { MovementDto } from './dto/balance.dto.js';

/** A movement as people see it. */
export type BalanceEntryView = Pick<
  BalanceEntry,
  'id' | 'amount' | 'balance' | 'reason' | 'idempotencyKey' | 'actorId' | 'createdAt'
>;

/** Whose balance, and who moves it. */
interface Mover {
  readonly organizationId: string;
  readonly userId: string;
  /** The administrator or the service key. */
  readonly actorId: string;
}

/** What the largest integer of the column holds. */
const MAX_BALANCE = 2_000_000_000;

/** Prepaid tokens against abuse: every movement is a row, the balance is never below zero. */
@Injectable()
export class BalanceService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly random: RandomSource,
    private readonly events: SecurityEvents,
  ) {}

  /** Adds tokens. @returns the balance after it. @throws NOT_FOUND; CONFLICT when the key was used for something else. */
  async credit(
    { organizationId, userId: actorId }: Principal,
    userId: string,
    movement: MovementDto,
    client: ClientContext,
  ): Promise<{ balance: number }> {
    const { amount, reason } = movement;
    return this.database.transaction(async (tx) => {
      const { balance, isNew } = await this.move(tx, { organizationId, userId, actorId }, movement, amount);
      if (isNew) {
        this.events.record(tx, {
          action: 'balance.credited',
          organizationId,
          actorId,
          targetId: userId,
          client,
          details: { amount, balance, reason },
        });
      }
      return { balance };
    });
  }

  /** Takes tokens. @returns the balance after it. @throws BALANCE_TOO_LOW; NOT_FOUND; CONFLICT as `credit`. */
  async debit(
    { organizationId, keyId: actorId }: ServicePrincipal,
    userId: string,
    movement: MovementDto,
  ): Promise<{ balance: number }> {
    return this.database.transaction(async (tx) => {
      const { balance } = await this.move(
        tx,
        { organizationId, userId, actorId },
        movement,
        -movement.amount,
      );
      return { balance };
    });
  }

  /** The movements of a person, newest first. @throws NOT_FOUND */
  async list(
    organizationId: string,
    userId: string,
    { limit, cursor }: PageRequest,
  ): Promise<Page<BalanceEntryView>> {
    const before = decodeIdCursor(cursor);
    const known = await this.database.client.user.count({ where: { id: userId, organizationId } });
    if (known === 0) throw notFound();
    const rows = await this.database.client.balanceEntry.findMany({
      where: { organizationId, userId, ...(before !== undefined && { id: { lt: before } }) },
      orderBy: { id: 'desc' },
      take: limit + 1,
    });
    return toPage(rows, limit, (row) => [row.id], toBalanceEntryView);
  }

  /** One movement while the account's row is held, so that all of them happen one after the other. */
  private async move(
    tx: Transaction,
    { organizationId, userId, actorId }: Mover,
    { reason, idempotencyKey }: MovementDto,
    amount: number,
  ): Promise<{ balance: number; isNew: boolean }> {
    const [account] = await this.database.forTenant(
      organizationId,
      () => tx.$queryRaw<{ balance: number }[]>`
      SELECT token_balance AS balance FROM benteng.users
      WHERE id = ${userId}::uuid AND organization_id = ${organizationId}::uuid FOR NO KEY UPDATE`,
    );
    if (account === undefined) throw notFound();
    const earlier = await tx.balanceEntry.findFirst({
      where: { userId, idempotencyKey, organizationId },
    });
    if (earlier !== null) {
      if (earlier.amount === amount && earlier.reason === reason)
        return { balance: earlier.balance, isNew: false };
      throw conflict({ detail: 'This idempotencyKey was used for another movement.' });
    }
    const balance = account.balance + amount;
    if (balance < 0) throw balanceTooLow();
    if (balance > MAX_BALANCE) throw conflict({ detail: `A balance is at most ${MAX_BALANCE} tokens.` });
    await tx.user.updateMany({ where: { id: userId, organizationId }, data: { tokenBalance: balance } });
    const createdAt = this.clock.now();
    await tx.balanceEntry.create({
      data: {
        id: this.random.id(),
        organizationId,
        userId,
        amount,
        balance,
        reason,
        idempotencyKey,
        actorId,
        createdAt,
      },
      select: { id: true },
    });
    return { balance, isNew: true };
  }
}

function toBalanceEntryView(entry: BalanceEntry): BalanceEntryView {
  const { id, amount, balance, reason, idempotencyKey, actorId, createdAt } = entry;
  return { id, amount, balance, reason, idempotencyKey, actorId, createdAt };
}
