import { standardWebhookKey } from '../../platform/crypto/standard-webhook-key.js';
import {
  givenId,
  headerOf,
  hmacOf,
  isSignableId,
  isSignature,
  readTimestamp,
  REMEMBER_WITH_TIMESTAMP,
  SigningError,
  type Delivery,
  type WebhookScheme,
} from './scheme.js';

/** More would only cost time. */
const MAX_SIGNATURES = 10;

/**
 * Standard Webhooks 1.0: `webhook-signature: v1,<base64 of HMAC-SHA-256 of "id.timestamp.body">`, several allowed. The
 * same three headers as `svix-…`, from senders older than the standard.
 */
export const standardScheme: WebhookScheme = {
  rememberSeconds: REMEMBER_WITH_TIMESTAMP,
  secretMembers: [],
  read(delivery) {
    const family = familyOf(delivery);
    const id = headerOf(delivery, `${family}-id`);
    const sent = headerOf(delivery, `${family}-timestamp`);
    const timestamp = readTimestamp(sent);
    const signatures = (headerOf(delivery, `${family}-signature`) ?? '').split(' ').slice(0, MAX_SIGNATURES);
    if (id === undefined || !isSignableId(id) || timestamp === null) return null;
    return {
      timestamp,
      eventId: givenId(id),
      isSignedWith: (secret) => {
        const expected = hmacOf(standardWebhookKey(secret) ?? '', `${id}.${sent}.`, delivery.body);
        return signatures
          .map((text) => text.startsWith('v1,') && isSignature(expected, text.slice(3), 'base64'))
          .includes(true);
      },
    };
  },
  sign(secret, body, { id, timestamp }) {
    const key = standardWebhookKey(secret);
    if (key === null) throw new SigningError('The secret must be whsec_ and base64.');
    const signature = hmacOf(key, `${id}.${timestamp}.`, body)?.toString('base64') ?? '';
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': `v1,${signature}`,
    };
    return { headers, body };
  },
};

/** All three come from one family: none of them is taken from the other. */
function familyOf({ headers }: Delivery): 'webhook' | 'svix' {
  const isPlain = ['id', 'timestamp', 'signature'].some((part) => headers[`webhook-${part}`] !== undefined);
  return isPlain ? 'webhook' : 'svix';
}
