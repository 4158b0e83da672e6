import { Injectable } from '@nestjs/common';
import { EncryptionKeyRing } from '../crypto/key-ring.js';
import { Database } from './database.js';
import { ENCRYPTED_COLUMNS, type EncryptedColumn } from './encrypted-columns.js';

/** How many values of a field a key encrypted. */
export interface KeyUse {
  readonly model: string;
  readonly field: string;
  /** Null: the value is no envelope of ours, so it may be plaintext. */
  readonly key: string | null;
  readonly rows: number;
  /** `current`: encrypts new values; `older`: only reads; `missing`: not in ENCRYPTION_KEYS; `plaintext`: no key at all. */
  readonly state: 'current' | 'older' | 'missing' | 'plaintext';
}

/** Counts which key every encrypted value needs. */
@Injectable()
export class KeyUsage {
  constructor(
    private readonly database: Database,
    private readonly ring: EncryptionKeyRing,
  ) {}

  /** One row per field and key: what cannot be read first, then the oldest key first. */
  async list(): Promise<KeyUse[]> {
    const uses: KeyUse[] = [];
    for (const column of ENCRYPTED_COLUMNS) uses.push(...(await this.usesOf(column)));
    return uses.toSorted((a, b) => this.ageOf(b) - this.ageOf(a));
  }

  private async usesOf({ model, field, table, column, asText }: EncryptedColumn): Promise<KeyUse[]> {
    const text = `
      SELECT substring(left(${asText}, 24) FROM '^v[0-9]+:([a-z0-9_-]{1,16}):') AS key, count(*)::int AS rows
      FROM benteng.${table} WHERE ${column} IS NOT NULL GROUP BY 1`;
    const rows = await this.database.run<{ key: string | null; rows: number }>(
      { name: `keys_of_${table}_${column}`, text },
      [],
    );
    return rows.map((row) => ({ model, field, ...row, state: this.stateOf(row.key) }));
  }

  private stateOf(key: string | null): KeyUse['state'] {
    if (key === null) return 'plaintext';
    if (key === this.ring.current.id) return 'current';
    return this.ring.find(key) === null ? 'missing' : 'older';
  }

  private ageOf({ key, state }: KeyUse): number {
    if (state === 'plaintext') return Number.MAX_SAFE_INTEGER;
    if (state === 'missing') return Number.MAX_SAFE_INTEGER - 1;
    return this.ring.keys.findIndex(({ id }) => id === key);
  }
}
