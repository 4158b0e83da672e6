import {
  digestId,
  headerOf,
  hmacOf,
  isSignature,
  plainId,
  readTimestamp,
  REMEMBER_WITH_TIMESTAMP,
  type WebhookScheme,
} from './scheme.js';

/** `X-Signature`: hex of HMAC-SHA-256 of `timestamp.body`, or of `id.timestamp.body` where `X-Event-Id` is sent. */
export const hmacScheme: WebhookScheme = {
  rememberSeconds: REMEMBER_WITH_TIMESTAMP,
  read(delivery) {
    const sent = headerOf(delivery, 'x-signature-timestamp');
    const timestamp = readTimestamp(sent);
    const signature = headerOf(delivery, 'x-signature');
    const id = headerOf(delivery, 'x-event-id') ?? '';
    if (timestamp === null || signature === undefined) return null;
    const head = id === '' ? `${sent}.` : `${id}.${sent}.`;
    return {
      timestamp,
      get eventId() {
        return id === '' ? digestId(head, delivery.body) : plainId(id);
      },
      isSignedWith: (secret) => isSignature(hmacOf(secret, head, delivery.body), signature, 'hex'),
    };
  },
  sign(secret, body, { id, timestamp }) {
    const head = id === '' ? `${timestamp}.` : `${id}.${timestamp}.`;
    const signature = hmacOf(secret, head, body)?.toString('hex') ?? '';
    const headers = {
      'X-Signature': signature,
      'X-Signature-Timestamp': String(timestamp),
      ...(id !== '' && { 'X-Event-Id': id }),
    };
    return { headers, body };
  },
};
