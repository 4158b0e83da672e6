import {
  digestId,
  fieldOf,
  isSameSecret,
  plainId,
  REMEMBER_WITHOUT_TIMESTAMP,
  type WebhookScheme,
} from './scheme.js';

/** Google Ads lead forms: `google_key` in the JSON body is the secret itself; the id is `lead_id`. */
export const googleAdsScheme: WebhookScheme = {
  rememberSeconds: REMEMBER_WITHOUT_TIMESTAMP,
  read(delivery) {
    const key = fieldOf(delivery.body, 'google_key');
    if (key === undefined) return null;
    const id = fieldOf(delivery.body, 'lead_id');
    return {
      timestamp: null,
      get eventId() {
        return id === undefined || id === '' ? digestId(delivery.body) : plainId(id);
      },
      isSignedWith: (secret) => isSameSecret(secret, key),
    };
  },
  sign(secret, body, { id }) {
    const text = body.toString('utf8');
    const given = (text === '' ? {} : JSON.parse(text)) as object;
    return { headers: {}, body: Buffer.from(JSON.stringify({ lead_id: id, ...given, google_key: secret })) };
  },
};
