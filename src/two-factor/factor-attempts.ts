import { Injectable } from '@nestjs/common';
import { addSeconds } from '../platform/clock/clock.js';
import { Database, type Transaction } from '../platform/database/database.js';

/** Wrong codes that end a challenge (contract §4). */
export const ATTEMPTS_PER_CHALLENGE = 5;
/** Wrong codes of one account, over all challenges, that lock its factor. */
const FAILURES_TO_LOCK = 10;
const FAILURE_WINDOW_SECONDS = 3600;
const LOCK_SECONDS = 1800;

/**
 * Counts tries of the second factor. A try is booked as failed before its code is looked at, and the booking is taken
 * back when it succeeds: of a hundred parallel guesses no more than the limit are ever compared (RFC 4226 §7.3). Only
 * somebody who holds the password has a challenge to try with, so a stranger cannot lock anybody out.
 */
@Injectable()
export class FactorAttempts {
  constructor(private readonly database: Database) {}

  /**
   * Books a try, in one statement.
   * @returns null when the challenge is over or has no tries left, or the factor is locked: the code must not be looked
   * at. Tries during the lock neither count nor extend it. `locks`: if this one fails, the factor stays locked.
   */
  async book(challengeId: string, now: Date): Promise<{ locks: boolean } | null> {
    const windowEnd = addSeconds(now, FAILURE_WINDOW_SECONDS);
    const lockEnd = addSeconds(now, LOCK_SECONDS);
    const [booking] = await this.database.acrossTenants(
      () => this.database.client.$queryRaw<{ locks: boolean }[]>`
      WITH attempt AS (
        UPDATE benteng.challenges SET attempt_count = attempt_count + 1
        WHERE id = ${challengeId}::uuid AND attempt_count < ${ATTEMPTS_PER_CHALLENGE}
          AND consumed_at IS NULL AND expires_at > ${now}
        RETURNING user_id
      )
      UPDATE benteng.totp_factors f SET
        failed_attempt_count = CASE WHEN f.failure_window_ends_at > ${now} AND f.locked_until IS NULL
                                    THEN f.failed_attempt_count + 1 ELSE 1 END,
        failure_window_ends_at = CASE WHEN f.failure_window_ends_at > ${now} AND f.locked_until IS NULL
                                      THEN f.failure_window_ends_at ELSE ${windowEnd} END,
        locked_until = CASE WHEN f.failure_window_ends_at > ${now} AND f.locked_until IS NULL
                                 AND f.failed_attempt_count + 1 >= ${FAILURES_TO_LOCK}
                            THEN ${lockEnd}::timestamptz END
      FROM attempt
      WHERE f.user_id = attempt.user_id AND (f.locked_until IS NULL OR f.locked_until <= ${now})
      RETURNING f.locked_until IS NOT NULL AS locks`,
    );
    return booking ?? null;
  }

  /**
   * Spends a time step and the challenge it answers, and takes the booking back, in one statement.
   * @returns false when the step, a newer one, or the challenge was spent before: of all who try at once one succeeds.
   * The caller rolls back then.
   */
  async spendTimeStep(tx: Transaction, challengeId: string, timeStep: number, now: Date): Promise<boolean> {
    const count = await this.database.acrossTenants(
      () => tx.$executeRaw`
      WITH challenge AS (
        UPDATE benteng.challenges SET consumed_at = ${now}
        WHERE id = ${challengeId}::uuid AND consumed_at IS NULL AND expires_at > ${now}
        RETURNING user_id
      )
      UPDATE benteng.totp_factors f SET
        last_time_step = ${timeStep},
        failed_attempt_count = GREATEST(f.failed_attempt_count - 1, 0),
        locked_until = CASE WHEN f.failed_attempt_count > ${FAILURES_TO_LOCK} THEN f.locked_until END
      FROM challenge
      WHERE f.user_id = challenge.user_id AND f.secret IS NOT NULL
        AND (f.last_time_step IS NULL OR f.last_time_step < ${timeStep})`,
    );
    return count === 1;
  }

  /** The same with a backup code: `hashes` are those it may be stored under. */
  async spendBackupCode(
    tx: Transaction,
    challengeId: string,
    hashes: Uint8Array[],
    now: Date,
  ): Promise<boolean> {
    const count = await this.database.acrossTenants(
      () => tx.$executeRaw`
      WITH challenge AS (
        UPDATE benteng.challenges SET consumed_at = ${now}
        WHERE id = ${challengeId}::uuid AND consumed_at IS NULL AND expires_at > ${now}
        RETURNING user_id
      ), code AS (
        UPDATE benteng.backup_codes b SET consumed_at = ${now}
        FROM challenge
        WHERE b.user_id = challenge.user_id AND b.code_hash = ANY (${hashes}) AND b.consumed_at IS NULL
        RETURNING b.user_id
      )
      UPDATE benteng.totp_factors f SET
        failed_attempt_count = GREATEST(f.failed_attempt_count - 1, 0),
        locked_until = CASE WHEN f.failed_attempt_count > ${FAILURES_TO_LOCK} THEN f.locked_until END
      FROM code
      WHERE f.user_id = code.user_id`,
    );
    return count === 1;
  }
}
