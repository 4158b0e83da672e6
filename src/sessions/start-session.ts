import type { Statement } from '../platform/database/database.js';
import { appendEventSql } from '../platform/events/event-chain.js';

/** Parameters before those of the event. */
const OWN_PARAMETERS = 11;

const MARK_AND_BEGIN = `
    WITH account AS (
      UPDATE benteng.users SET last_login_at = $5::timestamptz, password_hash = COALESCE($4::text, password_hash)
      WHERE id = $1::uuid AND organization_id = $2::uuid AND credential_version = $3::int AND status = 'ACTIVE'
      RETURNING id, organization_id
    ), session AS (
      INSERT INTO benteng.sessions (id, organization_id, user_id, amr, device_name, ip_address, user_agent,
                                    authenticated_at, created_at, last_active_at, expires_at)
      SELECT $6::uuid, organization_id, id, $7::text[], $8::text, $9::text, $10::text,
             $5::timestamptz, $5::timestamptz, $5::timestamptz, $11::timestamptz
      FROM account
      RETURNING id
    )`;

/**
 * Marks the account and begins the session. Yields a row only when the account is as it was when its proof was checked;
 * otherwise nothing happened. For logins of several steps, inside their transaction, which writes the trace at its end.
 *
 * $1 user id, $2 organization id, $3 credential version, $4 new password hash or null, $5 now, $6 session id, $7 amr,
 * $8 device name, $9 address, $10 user agent, $11 absolute end.
 */
export const START_SESSION: Statement = {
  name: 'start_session',
  tenant: 2,
  text: `${MARK_AND_BEGIN} SELECT id FROM session`,
};

/** The same with its trace, in one statement instead of a transaction: the parameters of the event follow. */
export const START_SESSION_WITH_TRACE: Statement = {
  name: 'start_session_with_trace',
  tenant: 2,
  text: `${MARK_AND_BEGIN} ${appendEventSql(OWN_PARAMETERS + 1, 'SELECT 1 FROM session')}`,
};

/**
 * Ends the oldest live sessions of a user beyond the cap. Run after every start: whoever started last sees all, so the
 * cap is exact once the answers are out. Rows are locked in one order, so that two of these cannot deadlock.
 *
 * $1 user id, $2 now, $3 the latest activity that counts as idle, $4 the cap.
 */
export const KEEP_SESSION_CAP: Statement = {
  name: 'keep_session_cap',
  text: `
    UPDATE benteng.sessions SET ended_at = $2::timestamptz, end_reason = 'SESSION_CAP'
    WHERE id IN (
      SELECT id FROM benteng.sessions
      WHERE user_id = $1::uuid AND ended_at IS NULL AND expires_at > $2::timestamptz
        AND last_active_at > $3::timestamptz
      ORDER BY id DESC OFFSET $4::int
      FOR NO KEY UPDATE)
    RETURNING id`,
};
