import {
  DriverAdapterError,
  type SqlDriverAdapter,
  type SqlQueryable,
  type Transaction,
} from '@prisma/driver-adapter-utils';
import type { DatabaseConnection } from '../../src/platform/database/database.js';
import { openTestDatabase } from './test-database.js';

/** A connection whose round trips are counted, and one of which can be made to fail. */
export interface WatchedConnection extends DatabaseConnection {
  /** The round trips since the last call of `reset`: SQL text, or BEGIN, COMMIT, ROLLBACK. */
  readonly trips: readonly string[];
  /** Forgets what was counted; `failAt`: which round trip from now on (1 is the next) loses the connection, once. */
  reset(failAt?: number): void;
}

/** A test database seen through such a connection. */
export async function openWatchedDatabase(): Promise<WatchedConnection> {
  const connection = await openTestDatabase();
  let trips: string[] = [];
  let failingTrip = 0;
  const trip = (text: string): void => {
    trips.push(text);
    if (trips.length === failingTrip) throw new DriverAdapterError({ kind: 'ConnectionClosed' });
  };
  const watched = <T extends SqlQueryable>(inner: T, more: Partial<T>): T =>
    Object.assign(Object.create(inner) as T, {
      queryRaw: (query) => after(trip, query.sql, () => inner.queryRaw(query)),
      executeRaw: (query) => after(trip, query.sql, () => inner.executeRaw(query)),
      ...more,
    } satisfies Partial<SqlQueryable>);
  const watchedTransaction = (inner: Transaction): Transaction =>
    watched(
      inner,
      inner.options.usePhantomQuery
        ? {
            commit: () => orRollBack(inner, () => after(trip, 'COMMIT', () => inner.commit())),
            rollback: () => after(trip, 'ROLLBACK', () => inner.rollback()),
          }
        : {
            // Here COMMIT and ROLLBACK are statements like others; `commit` and `rollback` only give the connection back.
            executeRaw: (query) => {
              const execute = () => after(trip, query.sql, () => inner.executeRaw(query));
              return query.sql === 'COMMIT' ? orRollBack(inner, execute) : execute();
            },
          },
    );
  const { adapter } = connection;
  return {
    kind: connection.kind,
    adapter: {
      provider: adapter.provider,
      adapterName: adapter.adapterName,
      connect: async () => {
        const inner = await adapter.connect();
        return watched<SqlDriverAdapter>(inner, {
          startTransaction: (level) =>
            after(trip, 'BEGIN', async () => watchedTransaction(await inner.startTransaction(level))),
        });
      },
    },
    close: () => connection.close(),
    get trips() {
      return trips;
    },
    reset: (failAt = 0) => {
      trips = [];
      failingTrip = failAt;
    },
  };
}

async function after<T>(trip: (text: string) => void, text: string, work: () => Promise<T>): Promise<T> {
  trip(text);
  return work();
}

/** A connection lost at the commit: the server rolls back. */
async function orRollBack<T>(transaction: Transaction, commit: () => Promise<T>): Promise<T> {
  try {
    return await commit();
  } catch (error) {
    if (transaction.options.usePhantomQuery) await transaction.rollback();
    else await transaction.executeRaw({ sql: 'ROLLBACK', args: [], argTypes: [] });
    throw error;
  }
}
