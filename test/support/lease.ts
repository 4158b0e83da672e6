import { messages, type PGlite, type Transaction } from '@electric-sql/pglite';

/** What can be asked of a database and of a transaction. */
type Askable = Pick<PGlite, 'query' | 'exec'>;

/**
 * An embedded database that another test file will use next: it answers until the lease ends, so that what an application
 * leaves running cannot reach rows of the next one. Its errors are made anew, because the database was loaded outside of
 * Jest's modules and `instanceof` would not know them.
 */
export class Lease {
  private isOver = false;

  constructor(private readonly database: PGlite) {}

  /** @returns false when it was over already. */
  end(): boolean {
    const wasOpen = !this.isOver;
    this.isOver = true;
    return wasOpen;
  }

  query: PGlite['query'] = (...args) => this.ask(this.database, (database) => database.query(...args));

  exec: PGlite['exec'] = (...args) => this.ask(this.database, (database) => database.exec(...args));

  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.ask(this.database, (database) => database.transaction((tx) => work(this.withOwnErrors(tx))));
  }

  private withOwnErrors(tx: Transaction): Transaction {
    return Object.assign(Object.create(tx) as Transaction, {
      query: ((...args) => this.ask(tx, (inner) => inner.query(...args))) satisfies Transaction['query'],
      exec: ((...args) => this.ask(tx, (inner) => inner.exec(...args))) satisfies Transaction['exec'],
      rollback: () => tx.rollback(),
    });
  }

  private async ask<S extends Askable, T>(target: S, work: (target: S) => Promise<T>): Promise<T> {
    if (this.isOver) throw new Error('PGlite is closed');
    try {
      return await work(target);
    } catch (error) {
      throw isDatabaseError(error)
        ? Object.assign(new messages.DatabaseError(error.message, error.length, error.name), error)
        : error;
    }
  }
}

function isDatabaseError(error: unknown): error is InstanceType<typeof messages.DatabaseError> {
  return typeof (error as { severity?: unknown } | null)?.severity === 'string';
}
