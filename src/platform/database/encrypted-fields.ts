import type { FieldPlace } from '../crypto/field-cipher.js';

/** Arguments and rows of any model. */
export type Values = Record<string, unknown>;

/** The encrypted fields of a model, and the names they have in the database (bound into every ciphertext). */
export interface EncryptedModel {
  readonly table: string;
  /** Field of the model → column. */
  readonly columns: Readonly<Record<string, string>>;
  /** Fields whose plaintext is a JSON value; the column is `jsonb` and holds the envelope as a JSON string. */
  readonly json?: readonly string[];
}

/** The one table of encrypted fields. */
export const ENCRYPTED_FIELDS: Readonly<Record<string, EncryptedModel>> = {
  TotpFactor: { table: 'totp_factors', columns: { secret: 'secret', pendingSecret: 'pending_secret' } },
  Integration: {
    table: 'integrations',
    columns: {
      accessToken: 'access_token',
      refreshToken: 'refresh_token',
      apiKey: 'api_key',
      webhookSecret: 'webhook_secret',
      previousWebhookSecret: 'previous_webhook_secret',
      config: 'config',
    },
    json: ['config'],
  },
  WebhookEvent: { table: 'webhook_events', columns: { payload: 'payload' } },
  ImportPart: { table: 'import_parts', columns: { content: 'content' } },
  ImportChunk: { table: 'import_chunks', columns: { rows: 'rows' } },
  ImportText: { table: 'import_texts', columns: { content: 'content' } },
};

/** Whether the plaintext of a field is a JSON value instead of text. */
export function isJsonField({ json }: EncryptedModel, field: string): boolean {
  return json?.includes(field) ?? false;
}

/** A use of the client that would leak or lose a value: a mistake of the program, so it is loud. */
export class FieldEncryptionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FieldEncryptionError';
  }
}

/**
 * Where a value of `field` belongs.
 * @param keys holds `id` and `organizationId` of the row.
 * @throws FieldEncryptionError when it does not.
 */
export function placeOf(
  { table, columns }: EncryptedModel,
  field: string,
  action: string,
  keys: Values,
): FieldPlace {
  const { id, organizationId } = keys;
  if (typeof id !== 'string' || typeof organizationId !== 'string') {
    throw new FieldEncryptionError(
      `${action} must name id and organizationId, which are bound into the ciphertext`,
    );
  }
  return { table, column: columns[field]!, rowId: id, organizationId };
}
