import {
  headerOf,
  hmacOf,
  idInBody,
  isSignature,
  REMEMBER_WITHOUT_TIMESTAMP,
  type WebhookScheme,
} from './scheme.js';

/** ScaleV: `X-Scalev-Hmac-Sha256: <base64 of HMAC-SHA-256 of the body>`; the id is `unique_id` in the body. */
export const scalevScheme: WebhookScheme = {
  rememberSeconds: REMEMBER_WITHOUT_TIMESTAMP,
  secretMembers: [],
  read(delivery) {
    const signature = headerOf(delivery, 'x-scalev-hmac-sha256');
    if (signature === undefined) return null;
    return {
      timestamp: null,
      get eventId() {
        return idInBody(delivery.body, 'unique_id');
      },
      isSignedWith: (secret) => isSignature(hmacOf(secret, delivery.body), signature, 'base64'),
    };
  },
  sign(secret, body) {
    const signature = hmacOf(secret, body)?.toString('base64') ?? '';
    return { headers: { 'X-Scalev-Hmac-Sha256': signature }, body };
  },
};
