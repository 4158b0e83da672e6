import type { Integration } from '../platform/database/generated/client.js';
import { unreadableFieldsOf } from '../platform/database/unreadable-fields.js';
import { CREDENTIAL_FIELDS, schemeName, type CredentialField } from './credential-fields.js';

/** What is shown of a secret. */
export interface CredentialView {
  set: boolean;
  /** Its last four characters, where that tells little. */
  hint: string | null;
  updatedAt: Date | null;
}

/** An integration as people see it (contract §5): never a secret. */
export interface IntegrationView {
  id: string;
  provider: Integration['provider'];
  label: string;
  status: Integration['status'];
  webhookScheme: string;
  credentials: Record<CredentialField, CredentialView>;
  /** Until when the webhook secret before the present one works; null when there is none. */
  previousWebhookSecretExpiresAt: Date | null;
  /** The keys of its settings. */
  config: string[];
  /**
   * What is there but cannot be decrypted: altered, moved, or its key is missing. Only where there is such a thing; a new
   * value takes its place.
   */
  unreadable?: string[];
  tokenExpiresAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** A secret this short would be given away in good part. */
const MIN_LENGTH_FOR_HINT = 12;

export function toIntegrationView(row: Integration): IntegrationView {
  const unreadable = unreadableFieldsOf(row);
  const credentials = Object.fromEntries(
    CREDENTIAL_FIELDS.map((field) => [
      field,
      toCredentialView(row[field], unreadable.includes(field), row[`${field}UpdatedAt`]),
    ]),
  ) as IntegrationView['credentials'];
  return {
    id: row.id,
    provider: row.provider,
    label: row.label,
    status: row.status,
    webhookScheme: schemeName(row.webhookScheme),
    credentials,
    previousWebhookSecretExpiresAt: row.previousWebhookSecretExpiresAt,
    config: Object.keys((row.config ?? {}) as object),
    ...(unreadable.length > 0 && { unreadable }),
    tokenExpiresAt: row.tokenExpiresAt,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}

function toCredentialView(
  secret: string | null,
  isUnreadable: boolean,
  updatedAt: Date | null,
): CredentialView {
  const showsHint = secret !== null && [...secret].length >= MIN_LENGTH_FOR_HINT;
  return {
    set: secret !== null || isUnreadable,
    hint: showsHint ? `••••${[...secret].slice(-4).join('')}` : null,
    updatedAt,
  };
}
