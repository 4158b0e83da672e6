import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import type { FieldCipher } from '../crypto/field-cipher.js';
import type { RandomSource } from '../crypto/random-source.js';
import type { Signals } from '../events/signals.js';
import { clientExtension } from './client-extension.js';
import { isWriteConflict } from './database-errors.js';
import { fieldEncryption } from './field-encryption.js';
import { PrismaClient, type Prisma } from './generated/client.js';
import { EVERY_TENANT, inTenantScope } from './tenant-scope.js';

/** What every query function takes: the client itself, or the client inside a transaction. */
export type Transaction = Prisma.TransactionClient;

/** SQL of our own with `$1`, `$2` …; `name` stands for this text alone. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  /** Number of the parameter that holds the organization it is about; absent: it looks across organizations. */
  readonly tenant?: number;
}

/** An open door to PostgreSQL, embedded or not. */
export interface DatabaseConnection {
  readonly kind: 'embedded' | 'postgresql';
  readonly adapter: SqlDriverAdapterFactory;
  /** Runs one prepared statement past Prisma; absent where Prisma's adapter owns the only connection. */
  query?(statement: Statement, parameters: readonly unknown[]): Promise<object[]>;
  /**
   * Takes an advisory lock that only one instance holds; it ends with the connection, so a killed holder leaves nothing
   * behind. Absent where one process has the database to itself.
   * @returns what gives it back, or null when somebody else has it.
   */
  tryLock?(name: string): Promise<(() => Promise<void>) | null>;
  close(): Promise<void>;
}

const noRelease = (): Promise<void> => Promise.resolve();

/** How long a transaction may wait for a connection, and then run. Hashing and mail never happen inside one. */
const TRANSACTION_LIMITS = { maxWait: 10_000, timeout: 15_000 };

/** Does `work` again, once, when it was taken back for somebody else's sake. */
async function againAfterConflict<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isWriteConflict(error)) throw error;
    return work();
  }
}

/** What hangs on an open transaction. */
interface TransactionHooks {
  readonly beforeCommit: ((tx: Transaction) => Promise<void>)[];
  readonly afterCommit: (() => void)[];
}

/** The one way to the data. */
export class Database implements OnApplicationShutdown {
  private readonly logger = new Logger(Database.name);
  /** For single statements; inside `transaction` only its own argument may be used (the embedded database waits). */
  readonly client: PrismaClient;
  /** Names of the locks that this process holds or tries to take. */
  private readonly locked = new Set<string>();
  private readonly hooks = new WeakMap<Transaction, TransactionHooks>();

  constructor(
    private readonly connection: DatabaseConnection,
    cipher: FieldCipher,
    random: RandomSource,
    signals: Signals,
  ) {
    const plain = new PrismaClient({ adapter: connection.adapter, errorFormat: 'minimal' });
    const extension = clientExtension((models) =>
      fieldEncryption(
        models,
        cipher,
        () => random.id(),
        ({ place, reason, message }) => {
          this.logger.error(message);
          signals.emit({ kind: 'decrypt_failed', reason, ...place });
        },
      ),
    );
    // The extension changes values on their way and refuses, not the shape of the client: its type stays the plain one.
    this.client = plain.$extends(extension) as unknown as PrismaClient;
  }

  get kind(): DatabaseConnection['kind'] {
    return this.connection.kind;
  }

  /**
   * Runs `work` in one transaction: all of it lands, or nothing. Whoever locks several rows takes them in one order, so
   * that two never wait for each other: the organization; challenges, factors and remembered devices; the account; its
   * lockouts and sessions; alerts; the end of the chain of events. Should PostgreSQL take it back all the same, `work` is
   * run once more, so it must leave nothing behind but what it does through its argument.
   */
  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return againAfterConflict(() => this.transactOnce(work));
  }

  private async transactOnce<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const hooks: TransactionHooks = { beforeCommit: [], afterCommit: [] };
    const result = await this.client.$transaction(async (tx) => {
      this.hooks.set(tx, hooks);
      const outcome = await work(tx);
      for (const hook of hooks.beforeCommit) await hook(tx);
      return outcome;
    }, TRANSACTION_LIMITS);
    for (const hook of hooks.afterCommit) hook();
    return result;
  }

  /**
   * Has `hook` run as the last work of the open transaction: what takes a lock that many wait for goes here, so that it
   * is held for a moment only, and always taken last.
   * @throws Error when `tx` is no open transaction of `transaction`.
   */
  beforeCommit(tx: Transaction, hook: (tx: Transaction) => Promise<void>): void {
    this.hooksOf(tx).beforeCommit.push(hook);
  }

  /** Has `hook` run once the transaction has landed; it must not throw. @throws Error as `beforeCommit`. */
  afterCommit(tx: Transaction, hook: () => void): void {
    this.hooksOf(tx).afterCommit.push(hook);
  }

  private hooksOf(tx: Transaction): TransactionHooks {
    const hooks = this.hooks.get(tx);
    if (hooks === undefined) throw new Error('this needs an open transaction of Database.transaction');
    return hooks;
  }

  /**
   * The short way for what every request or login does: one prepared statement, without Prisma's interpreter, which
   * costs several times the statement itself (npm run bench).
   * @param tx the open transaction, if it is to be part of one.
   * @returns plain rows: columns by their names, `timestamptz` as Date, `text[]` as array.
   */
  async run<Row extends object>(
    statement: Statement,
    parameters: readonly unknown[],
    tx?: Transaction,
  ): Promise<Row[]> {
    const { text, tenant } = statement;
    const scope = tenant === undefined ? EVERY_TENANT : String(parameters[tenant - 1]);
    return inTenantScope(scope, async () => {
      if (tx === undefined && this.connection.query) {
        return (await againAfterConflict(() => this.connection.query!(statement, parameters))) as Row[];
      }
      // The text is a constant of ours with placeholders; "unsafe" is only that Prisma cannot see this (T-4.1).
      if (tx !== undefined) return tx.$queryRawUnsafe<Row[]>(text, ...parameters);
      return againAfterConflict(() => this.client.$queryRawUnsafe<Row[]>(text, ...parameters));
    });
  }

  /**
   * Lets what `work` sends reach the rows of every organization: for what has to, and says why where it calls this.
   * Any other query names its organization.
   */
  acrossTenants<T>(work: () => PromiseLike<T>): Promise<T> {
    return inTenantScope(EVERY_TENANT, work);
  }

  /** The scope of raw SQL, which names its organization to nobody else. */
  forTenant<T>(organizationId: string, work: () => PromiseLike<T>): Promise<T> {
    return inTenantScope(organizationId, work);
  }

  /**
   * Runs `work` unless it is running already, here or in another instance.
   * @returns whether it ran.
   */
  async exclusively(name: string, work: () => Promise<void>): Promise<boolean> {
    if (this.locked.has(name)) return false;
    this.locked.add(name);
    try {
      const release = this.connection.tryLock ? await this.connection.tryLock(name) : noRelease;
      if (release === null) return false;
      try {
        await work();
      } finally {
        await release();
      }
      return true;
    } finally {
      this.locked.delete(name);
    }
  }

  /** One round trip; throws when the database cannot be asked. */
  async ping(): Promise<void> {
    await this.acrossTenants(() => this.client.$queryRaw`SELECT 1`);
  }

  /** After everybody who writes has ended: jobs and what waits to be stored end in `onModuleDestroy`. */
  async onApplicationShutdown(): Promise<void> {
    await this.client.$disconnect();
    await this.connection.close();
  }
}
