// Fills a database with people, sessions, attempts and events by SQL, as years of use would: half of everything belongs
// to the organization of `person0@example.com`, the rest is spread over all of them.

/** The inserts, in their order. Ids sort by age (UUID version 7); nothing is old enough for retention. */
const TABLES = {
  users: ({ series, users, flagged, admins, suspended }) => `
    INSERT INTO benteng.users (id, organization_id, email, name, role, status, password_hash, password_changed_at, last_login_at,
                               password_reset_requested_at, password_reset_request_ip, created_at, updated_at)
    SELECT ${uuid7('at', `'u' || n`)}, o.id, 'made${series}-' || n || '@example.com', 'Made ' || n,
           CASE WHEN n % ${Math.round(users / admins)} = 0 THEN 'ADMIN' ELSE 'USER' END,
           CASE WHEN n % ${Math.round(users / suspended)} = 2 THEN 'SUSPENDED' ELSE 'ACTIVE' END, o.password_hash, at, at,
           CASE WHEN n <= ${flagged} * 2 THEN now() - n * interval '1 second' END,
           CASE WHEN n <= ${flagged} * 2 THEN '192.0.2.7' END, at, at
    FROM (SELECT n, now() - interval '1000 days' * (1 - n / ${users}.0) AS at,
                 CASE WHEN n % 2 = 0 THEN 0 ELSE n / 2 % (SELECT count(*) FROM bench_organizations) END AS place
          FROM generate_series(1, ${users}) AS n) AS new
    JOIN bench_organizations AS o USING (place)`,
  // What a trigger writes otherwise.
  user_search_terms: ({ series }) => `
    INSERT INTO benteng.user_search_terms (organization_id, term, user_id)
    SELECT DISTINCT organization_id, term, id
    FROM benteng.users, LATERAL benteng.search_terms(name, email) AS term WHERE email LIKE 'made${series}-%'`,
  sessions: ({ sessions, users }) => `
    INSERT INTO benteng.sessions (id, organization_id, user_id, authenticated_at, amr, device_name, ip_address, user_agent,
                                  created_at, last_active_at, expires_at, ended_at, end_reason)
    SELECT ${uuid7('at', `'s' || n`)}, p.organization_id, p.id, at, '{pwd}', 'Firefox on Windows', '198.51.100.' || n % 250,
           'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:152.0) Gecko/20100101 Firefox/152.0', at, at,
           at + interval '30 days', CASE WHEN n % 4 > 0 THEN at + interval '1 hour' END,
           CASE WHEN n % 4 > 0 THEN 'LOGOUT' END::benteng.session_end_reason
    FROM (SELECT n, now() - n % 55 * interval '1 day' - n * interval '1 millisecond' AS at, n * 7 % ${users} + 1 AS place
          FROM generate_series(1, ${sessions}) AS n) AS new
    JOIN bench_people AS p USING (place)`,
  login_attempts: ({ attempts, users }) => `
    INSERT INTO benteng.login_attempts (id, organization_id, user_id, email, success, failure_reason, ip_address,
                                        address_bucket, user_agent, request_id, created_at)
    SELECT ${uuid7('at', `'a' || n`)}, p.organization_id, p.id, p.email, n % 4 = 0,
           CASE WHEN n % 4 > 0 THEN 'invalid_password' END::benteng.login_failure_reason, ip, ip,
           'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:152.0) Gecko/20100101 Firefox/152.0',
           ${uuid7('at', `'r' || n`)}, at
    FROM (SELECT n, '198.51.' || n % 100 || '.' || n / 100 % 250 AS ip,
                 now() - interval '89 days' * (n / ${attempts}.0) AS at, n::bigint * 13 % ${users} + 1 AS place
          FROM generate_series(1, ${attempts}) AS n) AS new
    JOIN bench_people AS p USING (place)`,
  // The places and hashes are made up: `audit:verify` would say so.
  security_events: ({ series, events, users }) => `
    INSERT INTO benteng.security_events (id, organization_id, sequence, hash, action, actor_id, target_id, ip_address,
                                         request_id, details, created_at)
    SELECT ${uuid7('at', `'e' || n`)}, p.organization_id, ${series}000000000 + n, sha256(n::text::bytea), 'session.started', p.id,
           ${uuid7('at', `'s' || n`)}, '198.51.100.' || n % 250, ${uuid7('at', `'r' || n`)}, '{"amr":["pwd"]}', at
    FROM (SELECT n, now() - interval '900 days' * (1 - n / ${events}.0) AS at, n::bigint * 11 % ${users} + 1 AS place
          FROM generate_series(1, ${events}) AS n) AS new
    JOIN bench_people AS p USING (place)`,
};

/**
 * Adds so many rows of each kind; `flagged` accounts of the first organization wait in its queue. Indexes are dropped
 * and built again, foreign keys are not checked: for a database of the bench alone.
 * @param counts of users (of them admins, suspended and flagged), sessions, attempts and events; `series` tells two fillings of one database apart.
 * @param onTable told the name of the table that comes next.
 */
export async function populate(admin, counts, onTable = () => undefined) {
  const client = await admin.connect();
  try {
    await client.query(`SET session_replication_role = replica; SET work_mem = '256MB';
                        SET maintenance_work_mem = '512MB'`);
    await client.query(`
      CREATE TEMP TABLE bench_organizations AS
      SELECT organization_id AS id, password_hash, row_number() OVER (ORDER BY email <> 'person0@example.com', id) - 1 AS place
      FROM benteng.users WHERE email LIKE 'person%'`);
    for (const [table, insert] of Object.entries(TABLES)) {
      onTable(table);
      const { rows: indexes } = await client.query(
        `SELECT indexdef, indexname FROM pg_indexes
         WHERE schemaname = 'benteng' AND tablename = $1
           AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = ('benteng.' || indexname)::regclass)`,
        [table],
      );
      for (const { indexname } of indexes) await client.query(`DROP INDEX benteng.${indexname}`);
      await client.query(insert(counts));
      for (const { indexdef } of indexes) await client.query(indexdef);
      await client.query(`VACUUM ANALYZE benteng.${table}`);
      if (table === 'users') {
        await client.query(`
          CREATE TEMP TABLE bench_people AS
          SELECT id, organization_id, email, row_number() OVER (ORDER BY id DESC) AS place FROM benteng.users;
          ANALYZE bench_people`);
      }
    }
    await client.query('DROP TABLE bench_organizations, bench_people');
  } finally {
    // Its settings go with the connection.
    client.release(true);
  }
}

/** Adds rows that retention has to delete: attempts of a hundred days ago. */
export async function addDueAttempts(admin, count) {
  await admin.query(
    `INSERT INTO benteng.login_attempts (id, organization_id, user_id, email, success, failure_reason, ip_address,
                                         address_bucket, request_id, created_at)
     SELECT ${uuid7('at', `'d' || n`)}, u.organization_id, u.id, u.email, false, 'invalid_password', '192.0.2.1',
            '192.0.2.1', ${uuid7('at', `'r' || n`)}, at
     FROM (SELECT n, now() - interval '100 days' - n * interval '1 second' AS at FROM generate_series(1, $1::int) AS n) AS new,
          benteng.users AS u
     WHERE u.email = 'person0@example.com'`,
    [count],
  );
}

/** SQL of a UUID version 7 (RFC 9562 §5.7) of an instant, whose random part is made from `seed`. */
function uuid7(instant, seed) {
  const time = `lpad(to_hex((extract(epoch FROM ${instant}) * 1000)::bigint), 12, '0')`;
  const noise = `md5(${seed})`;
  return `(${time} || '7' || substr(${noise}, 1, 3) || '8' || substr(${noise}, 4, 15))::uuid`;
}
