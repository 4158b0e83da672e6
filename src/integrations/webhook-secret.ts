import { standardWebhookKey } from '../platform/crypto/standard-webhook-key.js';
import type { Integration } from '../platform/database/generated/client.js';
import { validationFailed } from '../platform/errors/platform.errors.js';

/** 128 bits: below that a key can be guessed. The standard asks for 24 to 64; platforms do not all keep to it. */
const MIN_STANDARD_BYTES = 16;

/**
 * A secret that its scheme cannot sign with would make an integration that refuses every delivery. The other schemes take
 * a secret's text as it is; how strong it is, the platform has decided.
 * @throws VALIDATION_FAILED
 */
export function assertWebhookSecret(scheme: Integration['webhookScheme'], secret: string | null): void {
  if (secret === null || scheme !== 'standard') return;
  if ((standardWebhookKey(secret)?.length ?? 0) >= MIN_STANDARD_BYTES) return;
  const message = `webhookSecret must be whsec_ and the base64 of ${MIN_STANDARD_BYTES} bytes or more for the scheme standard`;
  throw validationFailed({ errors: [{ field: 'webhookSecret', code: 'wrong_form', message }] });
}
