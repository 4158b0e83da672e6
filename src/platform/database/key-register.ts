import { Injectable } from '@nestjs/common';
import { hmacSha256 } from '../crypto/digest.js';
import { DecryptionError, envelopePrefix, FieldCipher } from '../crypto/field-cipher.js';
import { EncryptionKeyRing, type RingKey } from '../crypto/key-ring.js';
import { OperatorError } from '../errors/operator-error.js';
import { Database } from './database.js';
import { ENCRYPTED_COLUMNS, type EncryptedValue } from './encrypted-columns.js';
import { KeyUsage } from './key-usage.js';

/** A key that may have made values. */
interface NotedKey {
  readonly id: string;
  /** Hexadecimal. */
  readonly fingerprint: string;
}

/** Values of one column that a key is tried on. */
const SAMPLES = 5;

const READ = {
  name: 'read_encryption_keys',
  text: `SELECT id, encode(fingerprint, 'hex') AS fingerprint FROM benteng.encryption_keys`,
};
const NOTE = {
  name: 'note_encryption_key',
  text: `INSERT INTO benteng.encryption_keys (id, fingerprint) VALUES ($1::text, decode($2::text, 'hex'))
         ON CONFLICT (id) DO NOTHING`,
};
/** $1 the key, $2 hours. The clock is the database's own, which has written these instants. */
const AGE = {
  name: 'age_of_encryption_key',
  text: `
    SELECT EXISTS (SELECT 1 FROM benteng.encryption_keys own
                   WHERE own.id = $1::text AND (
                     own.created_at <= now() - make_interval(hours => $2::int)
                     OR EXISTS (SELECT 1 FROM benteng.encryption_keys other
                                WHERE other.id <> own.id AND other.created_at >= own.created_at))) AS "isOld",
           EXISTS (SELECT 1 FROM benteng.encryption_keys other WHERE other.id <> $1::text) AS "hasOthers"`,
};
const FORGET = {
  name: 'forget_encryption_keys',
  text: 'DELETE FROM benteng.encryption_keys WHERE id = ANY ($1::text[])',
};

/**
 * Remembers which keys may have made values, each with a fingerprint. A start compares a handful of rows with its ring;
 * only where these do not fit are the values themselves looked at, which takes longer the more there are.
 */
@Injectable()
export class KeyRegister {
  constructor(
    private readonly database: Database,
    private readonly ring: EncryptionKeyRing,
    private readonly cipher: FieldCipher,
    private readonly usage: KeyUsage,
  ) {}

  /**
   * Notes the key that makes new values: to be called before the first of them.
   * @throws OperatorError when another key of that name was noted before.
   */
  async noteCurrent(): Promise<void> {
    const { current } = this.ring;
    await this.note(current);
    const wrong = (await this.read()).filter((key) => key.id === current.id && this.isForeign(key));
    if (wrong.length > 0) throw mistaken(wrong);
  }

  /**
   * Whether the key that makes new values has taken over from another one within so many hours. Another one is known by
   * its note, or by values that it made and nobody has encrypted anew.
   * @param hasOlderValues whether there are such values.
   */
  async hasJustTakenOver(hours: number, hasOlderValues: boolean): Promise<boolean> {
    const [age] = await this.database.run<{ isOld: boolean; hasOthers: boolean }>(AGE, [
      this.ring.current.id,
      hours,
    ]);
    return !age!.isOld && (age!.hasOthers || hasOlderValues);
  }

  /**
   * Refuses to go on with a ring that cannot read what is stored.
   * @throws OperatorError naming each key that is missing, or that is not the one of that name.
   */
  async assertReadable(): Promise<void> {
    const noted = await this.read();
    const absent = noted.filter(({ id }) => this.ring.find(id) === null);
    const foreign = noted.filter((key) => this.isForeign(key));
    if (noted.length === 0 || absent.length > 0 || foreign.length > 0) await this.recount(absent, foreign);
    await this.noteCurrent();
  }

  /** What does not fit is judged by the values: what none of them needs is forgotten, what opens them is noted anew. */
  private async recount(absent: readonly NotedKey[], foreign: readonly NotedKey[]): Promise<void> {
    const uses = await this.usage.list();
    const missing = uses.filter(({ state }) => state === 'missing');
    if (missing.length > 0) throw lacking(missing);
    const used = this.ring.keys.filter(({ id }) => uses.some(({ key }) => key === id));
    const opened = await Promise.all(used.map((key) => this.opensSome(key)));
    const wrong = used.filter((_, index) => !opened[index]);
    if (wrong.length > 0) throw mistaken(wrong);
    await this.database.run(FORGET, [[...absent, ...foreign].map(({ id }) => id)]);
    for (const key of used) await this.note(key);
  }

  /** Whether the ring's key opens one of the first values that name it; a few may have been altered. */
  private async opensSome({ id }: RingKey): Promise<boolean> {
    for (const { table, column, asText } of ENCRYPTED_COLUMNS) {
      const text = `
        SELECT id, organization_id AS "organizationId", ${asText} AS envelope FROM benteng.${table}
        WHERE starts_with(${asText}, $1::text) LIMIT ${SAMPLES}`;
      const name = `sample_${table}_${column}`;
      const rows = await this.database.run<EncryptedValue>({ name, text }, [envelopePrefix(id)]);
      if (rows.some((row) => this.opens(row, table, column))) return true;
    }
    return false;
  }

  private opens(
    { id: rowId, organizationId, envelope }: EncryptedValue,
    table: string,
    column: string,
  ): boolean {
    try {
      this.cipher.decrypt(envelope, { table, column, rowId, organizationId });
      return true;
    } catch (error) {
      if (error instanceof DecryptionError) return false;
      throw error;
    }
  }

  private read(): Promise<NotedKey[]> {
    return this.database.run<NotedKey>(READ, []);
  }

  private async note(key: RingKey): Promise<void> {
    await this.database.run(NOTE, [key.id, fingerprintOf(key)]);
  }

  private isForeign({ id, fingerprint }: NotedKey): boolean {
    const key = this.ring.find(id);
    return key !== null && fingerprintOf(key) !== fingerprint;
  }
}

function fingerprintOf({ bytes }: RingKey): string {
  return hmacSha256(bytes, 'benteng encryption key').toString('hex');
}

function lacking(missing: readonly { key: string | null; rows: number }[]): OperatorError {
  const rows = new Map<string, number>();
  for (const use of missing) rows.set(use.key!, (rows.get(use.key!) ?? 0) + use.rows);
  const words = [...rows].map(([key, count]) => `"${key}" (${count} ${count === 1 ? 'value' : 'values'})`);
  return new OperatorError(
    `ENCRYPTION_KEYS lacks ${words.length === 1 ? 'a key' : 'keys'} that stored values need: ${words.join(', ')}. Put it back behind the others.`,
  );
}

function mistaken(wrong: readonly { id: string }[]): OperatorError {
  const names = wrong.map(({ id }) => `"${id}"`).join(', ');
  return new OperatorError(
    `ENCRYPTION_KEYS holds another key under the name ${names} than the one that made the stored values. Put that one back (where the setting is empty, it stood in DATA_DIR/secrets.json); a new key needs a new name.`,
  );
}
