import { ENCRYPTED_FIELDS, isJsonField } from './encrypted-fields.js';

/** A column of the database that holds envelopes. Names are constants of the schema, never input. */
export interface EncryptedColumn {
  readonly model: string;
  readonly field: string;
  readonly table: string;
  readonly column: string;
  /** SQL that yields the envelope as text. */
  readonly asText: string;
  /** SQL that makes the column's value of the text `value`. */
  readonly toValue: (value: string) => string;
}

/** A value of such a column as it stands in the database. */
export interface EncryptedValue {
  readonly id: string;
  readonly organizationId: string;
  readonly envelope: string;
}

/** Every encrypted column, in the order of `ENCRYPTED_FIELDS`. */
export const ENCRYPTED_COLUMNS: readonly EncryptedColumn[] = Object.entries(ENCRYPTED_FIELDS).flatMap(
  ([model, encrypted]) =>
    Object.entries(encrypted.columns).map(([field, column]) => {
      const isJson = isJsonField(encrypted, field);
      return {
        model,
        field,
        table: encrypted.table,
        column,
        asText: isJson ? `(${column} #>> '{}')` : column,
        toValue: (value: string) => (isJson ? `to_jsonb(${value})` : value),
      };
    }),
);
