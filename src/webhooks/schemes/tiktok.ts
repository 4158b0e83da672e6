import {
  digestId,
  headerOf,
  hmacOf,
  isSignature,
  readTimestamp,
  REMEMBER_WITH_TIMESTAMP,
  type WebhookScheme,
} from './scheme.js';

/** TikTok: `TikTok-Signature: t=<unix seconds>,s=<hex of HMAC-SHA-256 of "t.body">`. */
export const tiktokScheme: WebhookScheme = {
  rememberSeconds: REMEMBER_WITH_TIMESTAMP,
  secretMembers: [],
  read(delivery) {
    const header = headerOf(delivery, 'tiktok-signature') ?? '';
    const [, sent, signature] = /^t=(\d{1,11}),\s*s=([0-9a-fA-F]{64})$/.exec(header) ?? [];
    const timestamp = readTimestamp(sent);
    if (timestamp === null || signature === undefined) return null;
    return {
      timestamp,
      get eventId() {
        return digestId(`${sent}.`, delivery.body);
      },
      isSignedWith: (secret) => isSignature(hmacOf(secret, `${sent}.`, delivery.body), signature, 'hex'),
    };
  },
  sign(secret, body, { timestamp }) {
    const signature = hmacOf(secret, `${timestamp}.`, body)?.toString('hex') ?? '';
    return { headers: { 'TikTok-Signature': `t=${timestamp},s=${signature}` }, body };
  },
};
