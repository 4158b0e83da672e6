import {
  headerOf,
  hmacOf,
  isSignature,
  plainId,
  readTimestamp,
  REMEMBER_WITH_TIMESTAMP,
  type WebhookScheme,
} from './scheme.js';

/** More would only cost time. */
const MAX_SIGNATURES = 10;

/** Standard Webhooks 1.0: `webhook-signature: v1,<base64 of HMAC-SHA-256 of "id.timestamp.body">`, several allowed. */
export const standardScheme: WebhookScheme = {
  rememberSeconds: REMEMBER_WITH_TIMESTAMP,
  read(delivery) {
    const id = headerOf(delivery, 'webhook-id');
    const sent = headerOf(delivery, 'webhook-timestamp');
    const timestamp = readTimestamp(sent);
    const signatures = (headerOf(delivery, 'webhook-signature') ?? '').split(' ').slice(0, MAX_SIGNATURES);
    if (id === undefined || id === '' || timestamp === null) return null;
    return {
      timestamp,
      eventId: plainId(id),
      isSignedWith: (secret) => {
        const expected = hmacOf(keyOf(secret), `${id}.${sent}.`, delivery.body);
        return signatures
          .map((text) => text.startsWith('v1,') && isSignature(expected, text.slice(3), 'base64'))
          .includes(true);
      },
    };
  },
  sign(secret, body, { id, timestamp }) {
    const signature = hmacOf(keyOf(secret), `${id}.${timestamp}.`, body)?.toString('base64') ?? '';
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': `v1,${signature}`,
    };
    return { headers, body };
  },
};

/** Secrets are `whsec_` and base64. */
function keyOf(secret: string): Buffer {
  return Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
}
