import { databaseRolesSql } from '../dist/platform/database/database-roles.js';

/**
 * The three roles of `db:roles` in the database of `admin`, under names of this process: what a superuser reads, no
 * policy of row security bounds.
 * @param side tells the roles of two databases apart: roles belong to the server.
 */
export async function createRoles(admin, url, side = 'only') {
  const name = (part) => `benteng_bench_${process.pid}_${side}_${part}`;
  const roles = { owner: name('owner'), application: name('app'), backup: name('backup') };
  await admin.query(databaseRolesSql(roles));
  return {
    url: Object.assign(new URL(url), { username: roles.application }).href,
    drop: async () => {
      for (const role of Object.values(roles)) {
        await admin.query(`REASSIGN OWNED BY ${role} TO CURRENT_USER`);
        await admin.query(`DROP OWNED BY ${role}`);
        await admin.query(`DROP ROLE ${role}`);
      }
    },
  };
}
