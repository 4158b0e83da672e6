import { Injectable } from '@nestjs/common';
import { DecryptionError, FieldCipher } from '../crypto/field-cipher.js';
import { OperatorError } from '../errors/operator-error.js';
import { Database, type Transaction } from './database.js';
import { ENCRYPTED_COLUMNS, type EncryptedColumn } from './encrypted-columns.js';
import { KeyRegister } from './key-register.js';

/** How a run goes. */
export interface MoveOptions {
  /** Rows of one statement. */
  readonly batchSize?: number;
  /** Told after each batch how many values were looked at. */
  readonly onBatch?: (count: number) => void;
}

/** A table with plaintext columns, brought along from another system. */
export interface ImportedTable {
  readonly oid: number;
  /** As SQL writes it. */
  readonly name: string;
  /** The encrypted columns that it has in plaintext, by the same names. */
  readonly columns: readonly EncryptedColumn[];
}

/** What a move from an imported table did. */
export interface MoveReport {
  readonly encrypted: number;
  readonly verified: number;
  readonly cleared: number;
  /** Values that have no row of the same id to go to. */
  readonly homeless: number;
  /** Values whose row holds another value already. */
  readonly different: number;
  /** Ids of the first rows that stand in the way. */
  readonly examples: readonly string[];
}

interface Plain {
  id: string;
  organizationId: string;
  plaintext: string;
}
interface Pair {
  id: string;
  organizationId: string | null;
  plaintext: string;
  envelope: string | null;
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const BATCH = 500;
const MAX_EXAMPLES = 20;

/**
 * Encrypts what came as plaintext (L-S1.2): values that were inserted into the encrypted columns themselves, or those of
 * an imported table. No plaintext goes before its ciphertext was read back and opened. What is done is recognised by its
 * form, so a run that was killed is just run again; a value written meanwhile wins.
 */
@Injectable()
export class PlaintextMove {
  constructor(
    private readonly database: Database,
    private readonly cipher: FieldCipher,
    private readonly register: KeyRegister,
  ) {}

  /** How many values of the encrypted columns are no ciphertext. */
  async countInPlace(): Promise<number> {
    let due = 0;
    for (const column of ENCRYPTED_COLUMNS) {
      const text = `SELECT count(*)::int AS due FROM benteng.${column.table} WHERE ${isPlaintext(column)}`;
      const [row] = await this.database.run<{ due: number }>(
        { name: named('count_plain', column), text },
        [],
      );
      due += row!.due;
    }
    return due;
  }

  /**
   * Encrypts them where they are, a batch to a transaction, which lands only if every ciphertext of it opens.
   * @returns how many values were encrypted.
   */
  async runInPlace({ batchSize = BATCH, onBatch }: MoveOptions = {}): Promise<number> {
    await this.register.noteCurrent();
    let encrypted = 0;
    for (const column of ENCRYPTED_COLUMNS) {
      let last = FIRST_ID;
      for (;;) {
        const text = `
          SELECT id, organization_id AS "organizationId", ${plainText(column)} AS plaintext
          FROM benteng.${column.table} WHERE id > $1::uuid AND ${isPlaintext(column)} ORDER BY id LIMIT $2::int`;
        const rows = await this.database.run<Plain>({ name: named('read_plain', column), text }, [
          last,
          batchSize,
        ]);
        if (rows.length === 0) break;
        encrypted += await this.encrypt(column, rows, `${plainText(column)} = moved.plaintext`);
        onBatch?.(rows.length);
        last = rows.at(-1)!.id;
      }
    }
    return encrypted;
  }

  /**
   * @param from name of the imported table, with its schema if that is not `public`.
   * @param into name of ours.
   * @throws OperatorError when there is no such table, or it cannot be moved.
   */
  async describe(from: string, into: string): Promise<ImportedTable> {
    const ours = ENCRYPTED_COLUMNS.filter(({ table }) => table === into);
    if (ours.length === 0) throw new OperatorError(`"${into}" has no encrypted columns.`);
    const rows = await this.database.run<{ oid: number; table: string; column: string; required: boolean }>(
      {
        name: 'imported_columns',
        text: `SELECT c.oid::int AS oid, c.oid::regclass::text AS "table", a.attname::text AS "column", a.attnotnull AS required
               FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
               WHERE c.oid = to_regclass($1::text) AND a.attnum > 0 AND NOT a.attisdropped`,
      },
      [from],
    );
    const [first] = rows;
    if (first === undefined) throw new OperatorError(`There is no table "${from}".`);
    if (first.table.startsWith('benteng.'))
      throw new OperatorError(`"${from}" is a table of ours; leave --from away.`);
    const found = new Map(rows.map(({ column, required }) => [column, required]));
    const columns = ours.filter(({ column }) => found.has(column));
    if (!found.has('id') || columns.length === 0) {
      throw new OperatorError(
        `"${from}" needs a column "id", with the ids of ${into}, and one or more of: ${ours.map(({ column }) => column).join(', ')}.`,
      );
    }
    const kept = columns.filter(({ column }) => found.get(column) === true).map(({ column }) => column);
    if (kept.length > 0) {
      throw new OperatorError(
        `Columns of "${from}" cannot be cleared while they are NOT NULL: ${kept.join(', ')}. Drop that first.`,
      );
    }
    return { oid: first.oid, name: first.table, columns };
  }

  /** How many values the imported table still holds. */
  async count({ oid, name, columns }: ImportedTable): Promise<number> {
    const sum = columns.map(({ column }) => `count(${column})`).join(' + ');
    const text = `SELECT (${sum})::int AS due FROM ${name}`;
    const [row] = await this.database.run<{ due: number }>({ name: `count_imported_${oid}`, text }, []);
    return row!.due;
  }

  /** Encrypts all, verifies all, and only if nothing stands in the way clears all. */
  async run(imported: ImportedTable, { batchSize = BATCH, onBatch }: MoveOptions = {}): Promise<MoveReport> {
    await this.register.noteCurrent();
    const report = { encrypted: 0, verified: 0, cleared: 0, homeless: 0, different: 0 };
    const examples = new Set<string>();
    const each = async (work: (column: EncryptedColumn, pairs: readonly Pair[]) => Promise<void>) => {
      for (const column of imported.columns) {
        for await (const pairs of this.pairs(imported, column, batchSize)) {
          await work(column, pairs);
          onBatch?.(pairs.length);
        }
      }
    };
    await each(async (column, pairs) => {
      const rows = pairs.filter(
        (pair): pair is Pair & Plain => pair.organizationId !== null && pair.envelope === null,
      );
      if (rows.length > 0) report.encrypted += await this.encrypt(column, rows, `${column.column} IS NULL`);
    });
    await each(async (column, pairs) => {
      for (const pair of pairs) {
        if (this.opensTo(column, pair)) {
          report.verified += 1;
          continue;
        }
        if (pair.organizationId === null) report.homeless += 1;
        else report.different += 1;
        if (examples.size < MAX_EXAMPLES) examples.add(pair.id);
      }
    });
    if (examples.size === 0) {
      await each(async (column, pairs) => {
        const safe = pairs.filter((pair) => this.opensTo(column, pair));
        report.cleared += await this.clear(imported, column, safe);
      });
    }
    return { ...report, examples: [...examples] };
  }

  private async *pairs(
    { oid, name: from }: ImportedTable,
    column: EncryptedColumn,
    batchSize: number,
  ): AsyncGenerator<Pair[]> {
    const text = `
      SELECT old.id::uuid AS id, ours.organization_id AS "organizationId",
             old.${column.column}::text AS plaintext, ${column.asText.replace(column.column, `ours.${column.column}`)} AS envelope
      FROM ${from} old LEFT JOIN benteng.${column.table} ours ON ours.id = old.id::uuid
      WHERE old.id::uuid > $1::uuid AND old.${column.column} IS NOT NULL ORDER BY old.id::uuid LIMIT $2::int`;
    const name = named(`pairs_${oid}`, column);
    let last = FIRST_ID;
    for (;;) {
      const rows = await this.database.run<Pair>({ name, text }, [last, batchSize]);
      if (rows.length === 0) return;
      yield rows;
      last = rows.at(-1)!.id;
    }
  }

  /** @param unchanged condition under which our row is still as it was read. */
  private async encrypt(column: EncryptedColumn, rows: readonly Plain[], unchanged: string): Promise<number> {
    const { table, column: name, asText, toValue } = column;
    const text = `
      UPDATE benteng.${table} SET ${name} = ${toValue('moved.envelope')}
      FROM unnest($1::uuid[], $2::text[], $3::text[]) AS moved (row_id, plaintext, envelope)
      WHERE id = moved.row_id AND ${unchanged}
      RETURNING id, organization_id AS "organizationId", moved.plaintext, ${asText} AS envelope`;
    const parameters = [
      rows.map(({ id }) => id),
      rows.map(({ plaintext }) => plaintext),
      rows.map((row) => this.cipher.encrypt(row.plaintext, placeOf(column, row))),
    ];
    return this.database.transaction(async (tx: Transaction) => {
      const written = await this.database.run<Pair>(
        { name: named('encrypt_plain', column), text },
        parameters,
        tx,
      );
      const broken = written.find((pair) => !this.opensTo(column, pair));
      if (broken) throw new Error(`${table}.${name} of row ${broken.id} does not open after encryption`);
      return written.length;
    });
  }

  private async clear(
    { oid, name: from }: ImportedTable,
    column: EncryptedColumn,
    pairs: readonly Pair[],
  ): Promise<number> {
    if (pairs.length === 0) return 0;
    const text = `
      UPDATE ${from} old SET ${column.column} = NULL
      FROM unnest($1::uuid[], $2::text[]) AS moved (row_id, plaintext)
      WHERE old.id::uuid = moved.row_id AND old.${column.column}::text = moved.plaintext RETURNING 1 AS cleared`;
    const parameters = [pairs.map(({ id }) => id), pairs.map(({ plaintext }) => plaintext)];
    return (await this.database.run({ name: named(`clear_${oid}`, column), text }, parameters)).length;
  }

  private opensTo(column: EncryptedColumn, { envelope, ...pair }: Pair): boolean {
    if (envelope === null || pair.organizationId === null) return false;
    try {
      return this.cipher.decrypt(envelope, placeOf(column, pair as Plain)) === pair.plaintext;
    } catch (error) {
      if (error instanceof DecryptionError) return false;
      throw error;
    }
  }
}

function placeOf({ table, column }: EncryptedColumn, { id, organizationId }: Plain) {
  return { table, column, rowId: id, organizationId };
}

function named(what: string, { table, column }: EncryptedColumn): string {
  return `${what}_${table}_${column}`;
}

/** SQL of a value that is not encrypted yet. */
function plainText({ column }: EncryptedColumn): string {
  return `${column}::text`;
}

function isPlaintext({ column, asText }: EncryptedColumn): string {
  return `${column} IS NOT NULL AND ${asText} !~ '^v[0-9]+:[a-z0-9_-]{1,16}:[A-Za-z0-9_-]+$'`;
}
