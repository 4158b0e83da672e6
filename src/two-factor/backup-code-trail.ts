import { Injectable } from '@nestjs/common';
import type { Transaction } from '../platform/database/database.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';

/** How many backup codes are left when their owner is told to make new ones. */
const FEW_BACKUP_CODES = 2;

/** Leaves the trace of a backup code that was used up, at sign-in or inside a session. */
@Injectable()
export class BackupCodeTrail {
  constructor(private readonly events: SecurityEvents) {}

  /** Call it in the transaction that spent the code. */
  async recordUse(
    tx: Transaction,
    { userId, organizationId }: { userId: string; organizationId: string },
    client: ClientContext,
  ): Promise<void> {
    const left = await tx.backupCode.count({ where: { userId, organizationId, consumedAt: null } });
    const who = { organizationId, actorId: userId, targetId: userId, client, details: { left } };
    this.events.record(tx, { ...who, action: 'two_factor.backup_code_used' });
    if (left <= FEW_BACKUP_CODES) {
      this.events.record(tx, { ...who, action: 'two_factor.backup_codes_low' });
    }
  }
}
