import type { OnModuleDestroy } from '@nestjs/common';
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import type { FieldCipher } from '../crypto/field-cipher.js';
import { fieldEncryption } from './field-encryption.js';
import { PrismaClient, type Prisma } from './generated/client.js';

/** What every query function takes: the client itself, or the client inside a transaction. */
export type Transaction = Prisma.TransactionClient;

/** SQL of our own with `$1`, `$2` …; `name` stands for this text alone. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** An open door to PostgreSQL, embedded or not. */
export interface DatabaseConnection {
  readonly kind: 'embedded' | 'postgresql';
  readonly adapter: SqlDriverAdapterFactory;
  /** Runs one prepared statement past Prisma; absent where Prisma's adapter owns the only connection. */
  query?(statement: Statement, parameters: readonly unknown[]): Promise<object[]>;
  close(): Promise<void>;
}

/** How long a transaction may wait for a connection, and then run. Hashing and mail never happen inside one. */
const TRANSACTION_LIMITS = { maxWait: 10_000, timeout: 15_000 };

/** The one way to the data. */
export class Database implements OnModuleDestroy {
  /** For single statements; inside `transaction` only its own argument may be used (the embedded database waits). */
  readonly client: PrismaClient;

  constructor(
    private readonly connection: DatabaseConnection,
    cipher: FieldCipher,
  ) {
    const plain = new PrismaClient({ adapter: connection.adapter, errorFormat: 'minimal' });
    // The extension changes values on their way, not the shape of the client: its type stays the plain one.
    this.client = plain.$extends(fieldEncryption(cipher)) as unknown as PrismaClient;
  }

  get kind(): DatabaseConnection['kind'] {
    return this.connection.kind;
  }

  /** Runs `work` in one transaction: all of it lands, or nothing. */
  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.client.$transaction(work, TRANSACTION_LIMITS);
  }

  /**
   * The short way for what every request or login does: one prepared statement, without Prisma's interpreter, which
   * costs several times the statement itself (npm run bench).
   * @param tx the open transaction, if it is to be part of one.
   * @returns plain rows: columns by their names, `timestamptz` as Date, `text[]` as array.
   */
  async run<Row extends object>(
    { name, text }: Statement,
    parameters: readonly unknown[],
    tx?: Transaction,
  ): Promise<Row[]> {
    if (tx === undefined && this.connection.query) {
      return (await this.connection.query({ name, text }, parameters)) as Row[];
    }
    // The text is a constant of ours with placeholders; "unsafe" is only that Prisma cannot see this (T-4.1).
    return (tx ?? this.client).$queryRawUnsafe<Row[]>(text, ...parameters);
  }

  /** One round trip; throws when the database cannot be asked. */
  async ping(): Promise<void> {
    await this.client.$queryRaw`SELECT 1`;
  }

  async onModuleDestroy(): Promise<void> {
    await this.client.$disconnect();
    await this.connection.close();
  }
}
