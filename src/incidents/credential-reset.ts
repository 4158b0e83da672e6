import { Injectable } from '@nestjs/common';
import { Database, type Statement } from '../platform/database/database.js';
import { TEMPORARY_PASSWORD_USES } from '../users/temporary-password.js';

/** What a pass over all accounts did. */
export interface CredentialResetReport {
  /** Accounts that have to change a password they did not have to change before. */
  readonly passwords: number;
  /** Live sessions that ended. */
  readonly sessions: number;
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const BATCH = 500;

/**
 * $1 the id after which to go on, $2 how many, $3 uses after which a temporary password is spent, $4 now. The raised
 * version ends what is bound to it: challenges, remembered devices, and every sign-in and change that has read the
 * account and not yet landed.
 */
const CLOSE_ACCOUNTS: Statement = {
  name: 'leak_passwords',
  text: `
    WITH before AS (
      SELECT id, must_change_password FROM benteng.users WHERE id > $1::uuid ORDER BY id LIMIT $2::int
      FOR NO KEY UPDATE
    )
    UPDATE benteng.users u
    SET must_change_password = u.must_change_password OR u.password_hash IS NOT NULL,
        credential_version = u.credential_version + 1,
        temporary_password_uses = CASE WHEN u.temporary_password_expires_at IS NULL THEN u.temporary_password_uses
                                       ELSE GREATEST(u.temporary_password_uses, $3::int) END,
        updated_at = $4::timestamptz
    FROM before WHERE u.id = before.id
    RETURNING u.id, u.must_change_password AND NOT before.must_change_password AS "isNewlyDue"`,
};

/** $1 whose, $2 now. Rows are locked in the order of `KEEP_SESSION_CAP`, so that the two cannot deadlock. */
const END_SESSIONS: Statement = {
  name: 'leak_sessions',
  text: `
    UPDATE benteng.sessions SET ended_at = $2::timestamptz, end_reason = 'CREDENTIAL_CHANGE'
    WHERE id IN (SELECT id FROM benteng.sessions WHERE user_id = ANY ($1::uuid[]) AND ended_at IS NULL
                 ORDER BY id DESC FOR NO KEY UPDATE)
    RETURNING expires_at > $2::timestamptz AS "wasLive"`,
};

/** Takes every account away from whoever holds something that was in the database. */
@Injectable()
export class CredentialReset {
  constructor(private readonly database: Database) {}

  /**
   * Goes over all accounts in the order of their ids: old passwords open the forced change and nothing else, temporary
   * ones nothing, sessions, challenges and remembered devices end. A batch lands as a whole, the accounts before their
   * sessions: a sign-in that runs at the same moment has either begun its session, which ends here, or meets the raised
   * version and begins none. To do it again does no harm.
   */
  async run(now: Date, onBatch: (accounts: number) => void): Promise<CredentialResetReport> {
    const total = { passwords: 0, sessions: 0 };
    let last = FIRST_ID;
    for (;;) {
      const batch = await this.closeBatch(last, now);
      onBatch(batch?.accounts ?? 0);
      if (batch === null) return total;
      total.passwords += batch.passwords;
      total.sessions += batch.sessions;
      last = batch.last;
    }
  }

  private closeBatch(after: string, now: Date) {
    return this.database.transaction(async (tx) => {
      const closing = [after, BATCH, TEMPORARY_PASSWORD_USES, now];
      const closed = await this.database.run<{ id: string; isNewlyDue: boolean }>(
        CLOSE_ACCOUNTS,
        closing,
        tx,
      );
      if (closed.length === 0) return null;
      const ids = closed.map(({ id }) => id).toSorted();
      // A statement of its own: it sees the sessions that landed while the one before waited for their accounts.
      const ended = await this.database.run<{ wasLive: boolean }>(END_SESSIONS, [ids, now], tx);
      return {
        last: ids.at(-1)!,
        accounts: closed.length,
        passwords: closed.filter(({ isNewlyDue }) => isNewlyDue).length,
        sessions: ended.filter(({ wasLive }) => wasLive).length,
      };
    });
  }
}
