import pg from 'pg';

/** What every test database on a server is copied from. */
export const templateName = 'benteng_test_template';

/** The roles that tests run under. */
export const testRoles = {
  owner: 'benteng_test_owner',
  application: 'benteng_test_app',
  backup: 'benteng_test_backup',
};

/**
 * Runs one statement on the server's own database.
 * @param {string} url
 * @param {string} sql
 * @returns {Promise<Record<string, unknown>[]>}
 */
export async function administer(url, sql) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/**
 * The same server, another database.
 * @param {string} url
 * @param {string} name
 */
export function withDatabase(url, name) {
  return Object.assign(new URL(url), { pathname: `/${name}` }).href;
}

/**
 * The same database as another role, which the server trusts.
 * @param {string} url
 * @param {string} role
 */
export function asRole(url, role) {
  return Object.assign(new URL(url), { username: role, password: '' }).href;
}
