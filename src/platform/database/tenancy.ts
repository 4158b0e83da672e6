import type { Models } from './model-description.js';
import type { Values } from './encrypted-fields.js';
import { currentTenantScope, EVERY_TENANT, inTenantScope } from './tenant-scope.js';

/** A query that could reach the rows of another organization: a mistake of the program, so it is loud. */
export class TenancyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TenancyError';
  }
}

/** One query, as an extension of the client sees it. */
export interface Query {
  /** Absent for raw SQL. */
  readonly model?: string | undefined;
  readonly operation: string;
  readonly args: unknown;
}

/**
 * The first fence between organizations (L-0.1): refuses every query on a tenant model that does not name its
 * organization, and sends the others in that organization's scope, which row security holds them to (the second fence,
 * on a server). What has to look across organizations says so with `Database.acrossTenants`.
 */
export function tenancy(models: Models): <T>(query: Query, send: () => Promise<T>) => Promise<T> {
  const keys = readTenantKeys(models);
  return async ({ model, operation, args }, send) => {
    const scope = currentTenantScope();
    if (scope === EVERY_TENANT) return send();
    if (model === undefined) {
      if (scope === undefined) throw new TenancyError(`${operation} names no tenant scope`);
      return send();
    }
    const key = keys.get(model);
    if (key === undefined) return send();
    const organization = organizationOf(`${model}.${operation}`, operation, key, args as Values);
    return organization === scope ? send() : inTenantScope(organization, send);
  };
}

/** For each tenant model the field that holds the organization. */
function readTenantKeys(models: Models): ReadonlyMap<string, string> {
  const keys = new Map([['Organization', 'id']]);
  for (const [model, fields] of models) {
    if (fields.some(({ name }) => name === 'organizationId')) keys.set(model, 'organizationId');
  }
  return keys;
}

/** @throws TenancyError when the query names no organization, or several. */
function organizationOf(action: string, operation: string, key: string, args: Values): string {
  if (operation.startsWith('findUnique')) {
    // Prisma sends those of one turn together, whoever asks: rows of two organizations in one statement.
    throw new TenancyError(`${action}: use findFirst, which is sent by itself`);
  }
  const { where, data, create } = args as { where?: Values; data?: Values | Values[]; create?: Values };
  const named = new Set<unknown>();
  if (operation.startsWith('create')) for (const row of [data].flat()) named.add(row?.[key]);
  else named.add(organizationIn(where, key));
  if (operation === 'upsert') named.add(create?.[key]);
  const [organization] = named;
  if (named.size !== 1 || typeof organization !== 'string') {
    throw new TenancyError(`${action} must name one organization`);
  }
  return organization;
}

/** What a condition says about the field: at its top, in one of its `AND`, or inside a compound unique key. */
function organizationIn(where: Values | undefined, key: string): unknown {
  for (const [name, value] of Object.entries(where ?? {})) {
    if (name === key) return value;
    if (name.split('_').includes(key)) return (value as Values)[key];
    if (name !== 'AND') continue;
    const named = ([value].flat() as Values[]).map((part) => organizationIn(part, key));
    const first = named.find((organization) => organization !== undefined);
    if (first !== undefined) return first;
  }
  return undefined;
}
