import {
  digestId,
  givenId,
  headerOf,
  hmacOf,
  isSignableId,
  isSignature,
  readTimestamp,
  REMEMBER_WITH_TIMESTAMP,
  type WebhookScheme,
} from './scheme.js';

/**
 * `X-Signature`: hex of HMAC-SHA-256 of `timestamp.body`, or of `id.timestamp.body` where `X-Event-Id` is sent. What could
 * be read both ways is read with an id: without one, a body that begins with digits and a dot (no JSON object or list
 * does) is refused.
 */
export const hmacScheme: WebhookScheme = {
  rememberSeconds: REMEMBER_WITH_TIMESTAMP,
  secretMembers: [],
  read(delivery) {
    const sent = headerOf(delivery, 'x-signature-timestamp');
    const timestamp = readTimestamp(sent);
    const signature = headerOf(delivery, 'x-signature');
    // Sent twice, it is no single id, and not none either.
    const hasId = (delivery.headers['x-event-id'] ?? []).some((id) => id !== '');
    const id = hasId ? headerOf(delivery, 'x-event-id') : undefined;
    if (timestamp === null || signature === undefined) return null;
    if (hasId ? id === undefined || !isSignableId(id) : beginsLikeATimestamp(delivery.body)) return null;
    const head = id === undefined ? `${sent}.` : `${id}.${sent}.`;
    return {
      timestamp,
      get eventId() {
        return id === undefined ? digestId(head, delivery.body) : givenId(id);
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

function beginsLikeATimestamp(body: Buffer): boolean {
  return /^\d{1,11}\./.test(body.toString('latin1', 0, 12));
}
