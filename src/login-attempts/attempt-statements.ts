import type { Statement } from '../platform/database/database.js';

/** A column list and its parameters, shared by the statements that add an attempt. */
const ATTEMPT_COLUMNS = `id, organization_id, user_id, email, success, failure_reason, ip_address, address_bucket,
                               user_agent, request_id, created_at`;

/**
 * Books a try as failed and writes its row, in one statement and before the password is looked at: of a hundred
 * parallel guesses no more than the limit are ever compared, and counter and row can never disagree. During a lock
 * nothing is counted and the lock is not extended.
 *
 * $1 email, $2 lane, $3 now, $4 start of the window, $5 end of a lock that begins now, $6 failures that lock, $7 when the
 * row means nothing any more, $8 attempt id, $9 organization or null, $10 user or null, $11 reason unless locked,
 * $12 address, $13 its bucket, $14 user agent or null, $15 request id, $16 whether the failures of the address are asked,
 * $17 whether a refused try leaves no row, since it will be booked again.
 */
export const BOOK_ATTEMPT: Statement = {
  name: 'book_login_attempt',
  text: `
    WITH booking AS (
      INSERT INTO benteng.login_lockouts AS l (email, lane, failures, locked_until, expires_at)
      VALUES ($1::text, $2::text, ARRAY[$3::timestamptz],
              CASE WHEN $6::int <= 1 THEN $5::timestamptz END, $7::timestamptz)
      ON CONFLICT (email, lane) DO UPDATE SET
        failures = ARRAY(SELECT f FROM unnest(l.failures) AS f WHERE f > $4::timestamptz AND l.locked_until IS NULL)
                   || $3::timestamptz,
        locked_until = CASE WHEN 1 + (SELECT count(*) FROM unnest(l.failures) AS f
                                      WHERE f > $4::timestamptz AND l.locked_until IS NULL) >= $6::int
                            THEN $5::timestamptz END,
        expires_at = $7::timestamptz
      WHERE l.locked_until IS NULL OR l.locked_until <= $3::timestamptz
      RETURNING cardinality(failures) - 1 AS failures_before, locked_until IS NOT NULL AS locks
    ), attempt AS (
      INSERT INTO benteng.login_attempts (${ATTEMPT_COLUMNS})
      SELECT $8::uuid, $9::uuid, $10::uuid, $1::text, false,
             CASE WHEN EXISTS (SELECT FROM booking) THEN $11::benteng.login_failure_reason ELSE 'account_locked' END,
             $12::text, $13::text, $14::text, $15::uuid, $3::timestamptz
      WHERE EXISTS (SELECT FROM booking) OR NOT $17::boolean
    )
    SELECT b.failures_before AS "failuresBefore", b.locks,
           CASE WHEN $16::boolean THEN (
             SELECT count(*)::int FROM (
               SELECT 1 FROM benteng.login_attempts a
               WHERE a.address_bucket = $13::text AND a.created_at > $4::timestamptz AND NOT a.success
                 AND a.failure_reason NOT IN ('rate_limited', 'captcha_required')
               LIMIT 100) AS failed)
           ELSE 0 END AS "addressFailures"
    FROM booking b`,
};

/**
 * Takes a booking back and says what became of the attempt. A lock that this booking set is lifted; what an
 * administrator unlocked meanwhile stays untouched. Where the password was right, earlier failures of the same lane that
 * came from the same address are forgiven with it: those were its owner's.
 *
 * $1 email, $2 lane, $3 instant of the booking, $4 attempt id, $5 success, $6 reason or null, $7 bucket of the address.
 */
export const SETTLE_ATTEMPT: Statement = {
  name: 'settle_login_attempt',
  text: `
    WITH attempt AS (
      UPDATE benteng.login_attempts SET success = $5::boolean, failure_reason = $6::benteng.login_failure_reason
      WHERE id = $4::uuid
    )
    UPDATE benteng.login_lockouts SET
      failures = CASE
        WHEN cardinality(failures) = 1 THEN
          failures[:array_position(failures, $3::timestamptz) - 1]
          || failures[array_position(failures, $3::timestamptz) + 1:]
        ELSE ARRAY(
          SELECT f FROM (
            -- Several tries may share a millisecond.
            SELECT f, row_number() OVER (PARTITION BY f) AS nth FROM unnest(failures) AS f) AS failed
          WHERE $2::text = '' AND nth > (
            SELECT count(*) FROM benteng.login_attempts a
            WHERE a.address_bucket = $7::text AND a.created_at = f AND a.email = $1::text AND NOT a.success
              AND a.failure_reason NOT IN ('account_locked', 'two_factor_failed', 'rate_limited', 'captcha_required'))
          ORDER BY f) END,
      locked_until = NULL
    WHERE email = $1::text AND lane = $2::text AND $3::timestamptz = ANY (failures)`,
};

/** Takes a booking back as if nobody had tried: $1 to $4 as above. */
export const WITHDRAW_ATTEMPT: Statement = {
  name: 'withdraw_login_attempt',
  text: `
    WITH attempt AS (DELETE FROM benteng.login_attempts WHERE id = $4::uuid)
    UPDATE benteng.login_lockouts SET
      failures = failures[:array_position(failures, $3::timestamptz) - 1]
                 || failures[array_position(failures, $3::timestamptz) + 1:],
      locked_until = NULL
    WHERE email = $1::text AND lane = $2::text AND $3::timestamptz = ANY (failures)`,
};

/** Adds an attempt that counts nowhere: $1 to $10 are the columns but `success`, which is false. */
export const ADD_REFUSED_ATTEMPT: Statement = {
  name: 'add_refused_login_attempt',
  text: `
    INSERT INTO benteng.login_attempts (${ATTEMPT_COLUMNS})
    SELECT $1::uuid, COALESCE($2::uuid, u.organization_id), COALESCE($3::uuid, u.id), $4::text, false,
           $5::benteng.login_failure_reason, $6::text, $7::text, $8::text, $9::uuid, $10::timestamptz
    FROM (SELECT 1) AS one LEFT JOIN benteng.users u ON u.email = $4::text`,
};

/**
 * Writes how many sign-ins of a bucket were refused in its window. They belong to the account's organization, not to its
 * owner: nobody's own history shows what strangers were refused.
 *
 * $1 attempt id, $2 email, $3 reason, $4 address, $5 its bucket, $6 user agent or null, $7 request id, $8 instant of the
 * first, $9 how many.
 */
export const COUNT_REFUSED_ATTEMPTS: Statement = {
  name: 'count_refused_login_attempts',
  text: `
    INSERT INTO benteng.login_attempts (${ATTEMPT_COLUMNS}, count)
    SELECT $1::uuid, u.organization_id, NULL, $2::text, false,
           $3::benteng.login_failure_reason, $4::text, $5::text, $6::text, $7::uuid, $8::timestamptz, $9::int
    FROM (SELECT 1) AS one LEFT JOIN benteng.users u ON u.email = $2::text
    ON CONFLICT (id) DO UPDATE SET count = EXCLUDED.count`,
};

/** $1 attempt id, $2 success, $3 reason or null. */
export const MARK_ATTEMPT: Statement = {
  name: 'mark_login_attempt',
  text: `
    UPDATE benteng.login_attempts SET success = $2::boolean, failure_reason = $3::benteng.login_failure_reason
    WHERE id = $1::uuid`,
};
