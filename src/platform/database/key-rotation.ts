import { Injectable, Logger } from '@nestjs/common';
import { DecryptionError, envelopePrefix, FieldCipher } from '../crypto/field-cipher.js';
import { EncryptionKeyRing } from '../crypto/key-ring.js';
import { Database } from './database.js';
import { ENCRYPTED_COLUMNS, type EncryptedColumn, type EncryptedValue } from './encrypted-columns.js';
import { KeyRegister } from './key-register.js';

/** How a run goes. */
export interface RotationOptions {
  /** Rows of one statement. */
  readonly batchSize?: number;
  readonly stop?: AbortSignal;
  /** Told after each batch how many values were looked at. */
  readonly onBatch?: (count: number) => void;
}

/** What a run did. */
export interface RotationReport {
  /** Values that the newest key encrypts now. */
  readonly rotated: number;
  /** Values that somebody else wrote at the same moment; the newest key encrypted them. */
  readonly overtaken: number;
  /** Values that cannot be decrypted: left as they are. */
  readonly unreadable: number;
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const BATCH = 500;

/**
 * Encrypts every value anew with the newest key, while the service runs. Rows are read in the order of their ids and
 * written back only where they still hold what was read, so a value written meanwhile wins (which the newest key has
 * encrypted). What is done is recognised by its key id: a run that was killed is just run again, two at once do the same
 * work and harm nothing, and memory is that of one batch.
 */
@Injectable()
export class KeyRotation {
  private readonly logger = new Logger(KeyRotation.name);

  constructor(
    private readonly database: Database,
    private readonly cipher: FieldCipher,
    private readonly ring: EncryptionKeyRing,
    private readonly register: KeyRegister,
  ) {}

  /** How many values an older key encrypted. */
  async countDue(): Promise<number> {
    let due = 0;
    for (const column of ENCRYPTED_COLUMNS) {
      const text = `SELECT count(*)::int AS due FROM benteng.${column.table} WHERE ${isDue(column, 1)}`;
      const name = `count_old_keys_${column.table}_${column.column}`;
      const [row] = await this.database.run<{ due: number }>({ name, text }, [this.currentPrefix()]);
      due += row!.due;
    }
    return due;
  }

  /** Runs until nothing is left to do, or `stop` is aborted. */
  async run(options: RotationOptions = {}): Promise<RotationReport> {
    await this.register.noteCurrent();
    const total = { rotated: 0, overtaken: 0, unreadable: 0 };
    for (const column of ENCRYPTED_COLUMNS) {
      const { rotated, overtaken, unreadable } = await this.rotateColumn(column, options);
      total.rotated += rotated;
      total.overtaken += overtaken;
      total.unreadable += unreadable;
    }
    return total;
  }

  private async rotateColumn(
    column: EncryptedColumn,
    { batchSize = BATCH, stop, onBatch }: RotationOptions,
  ): Promise<RotationReport> {
    const total = { rotated: 0, overtaken: 0, unreadable: 0 };
    let last = FIRST_ID;
    for (;;) {
      const rows = await this.read(column, last, batchSize);
      const anew = rows.flatMap((row) => this.encryptAnew(column, row));
      const rotated = anew.length === 0 ? 0 : await this.write(column, anew);
      total.rotated += rotated;
      total.overtaken += anew.length - rotated;
      total.unreadable += rows.length - anew.length;
      onBatch?.(rows.length);
      if (rows.length < batchSize || stop?.aborted === true) break;
      last = rows.at(-1)!.id;
    }
    return total;
  }

  private read(column: EncryptedColumn, last: string, batchSize: number): Promise<EncryptedValue[]> {
    const { table, asText } = column;
    const text = `
      SELECT id, organization_id AS "organizationId", ${asText} AS envelope FROM benteng.${table}
      WHERE id > $1::uuid AND ${isDue(column, 2)} ORDER BY id LIMIT $3::int`;
    const name = `old_keys_${table}_${column.column}`;
    return this.database.run<EncryptedValue>({ name, text }, [last, this.currentPrefix(), batchSize]);
  }

  private encryptAnew(
    { table, column }: EncryptedColumn,
    row: EncryptedValue,
  ): (EncryptedValue & { anew: string })[] {
    const place = { table, column, rowId: row.id, organizationId: row.organizationId };
    try {
      return [{ ...row, anew: this.cipher.encrypt(this.cipher.decrypt(row.envelope, place), place) }];
    } catch (error) {
      if (!(error instanceof DecryptionError)) throw error;
      this.logger.error(error.message);
      return [];
    }
  }

  private async write(
    column: EncryptedColumn,
    rows: readonly (EncryptedValue & { anew: string })[],
  ): Promise<number> {
    const { table, asText, toValue } = column;
    const text = `
      UPDATE benteng.${table} SET ${column.column} = ${toValue('anew.envelope')}
      FROM unnest($1::uuid[], $2::text[], $3::text[]) AS anew (row_id, read, envelope)
      WHERE id = anew.row_id AND ${asText} = anew.read
      RETURNING 1 AS written`;
    const parameters = [
      rows.map(({ id }) => id),
      rows.map(({ envelope }) => envelope),
      rows.map(({ anew }) => anew),
    ];
    const name = `write_new_key_${table}_${column.column}`;
    const { length } = await this.database.run({ name, text }, parameters);
    return length;
  }

  /** What an envelope of the newest key begins with. */
  private currentPrefix(): string {
    return envelopePrefix(this.ring.current.id);
  }
}

/** @param parameter number of the parameter with the newest key's prefix. */
function isDue({ column, asText }: EncryptedColumn, parameter: number): string {
  return `${column} IS NOT NULL AND NOT starts_with(${asText}, $${parameter}::text)`;
}
