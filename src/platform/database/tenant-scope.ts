import { AsyncLocalStorage } from 'node:async_hooks';

/** The scope of what serves no single organization: a sign-in by address, jobs, commands. */
export const EVERY_TENANT = '*';

/** The setting of a PostgreSQL session that row security reads (migration `row_security`). */
export const TENANT_SETTING = 'benteng.organization';

/** The scope of the statement that is being sent: an organization's id or `EVERY_TENANT`. */
const scope = new AsyncLocalStorage<string>();

/** The scope that holds here; undefined: none, and row security shows nothing. */
export function currentTenantScope(): string | undefined {
  return scope.getStore();
}

/** Runs `work`, and every statement it sends before it is settled, in a scope. */
export function inTenantScope<T>(tenant: string, work: () => PromiseLike<T>): Promise<T> {
  // Prisma's promises send nothing until they are awaited: that has to happen inside.
  return scope.run(tenant, async () => work());
}
