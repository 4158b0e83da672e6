import { fieldOf, membersOf, withoutMembers } from '../../platform/json/json-text.js';
import {
  idInBody,
  isSameSecret,
  REMEMBER_WITHOUT_TIMESTAMP,
  SigningError,
  textOf,
  type WebhookScheme,
} from './scheme.js';

const KEY = 'google_key';

/** Google Ads lead forms: `google_key` in the JSON body is the secret itself; the id is `lead_id`. */
export const googleAdsScheme: WebhookScheme = {
  rememberSeconds: REMEMBER_WITHOUT_TIMESTAMP,
  secretMembers: [KEY],
  read(delivery) {
    const text = textOf(delivery.body);
    const key = text === null ? undefined : fieldOf(text, KEY);
    // Sent twice it could be right for us and wrong for another reader.
    if (key === undefined || key === null) return null;
    return {
      timestamp: null,
      get eventId() {
        return idInBody(delivery.body, 'lead_id');
      },
      isSignedWith: (secret) => isSameSecret(secret, key),
    };
  },
  sign(secret, body, { id }) {
    const given = body.length === 0 ? '{}' : textOf(body);
    const members = given === null ? null : membersOf(given);
    if (given === null || members === null)
      throw new SigningError('The scheme google-ads signs a JSON object in UTF-8 only.');
    const rest = withoutMembers(given, [KEY]);
    // Set in front as text: numbers of the body stay as they are written.
    const own = [
      ...(members.some(({ name }) => name === 'lead_id') ? [] : [`"lead_id":${JSON.stringify(id)}`]),
      `"${KEY}":${JSON.stringify(secret)}`,
    ].join(',');
    const comma = membersOf(rest)!.length === 0 ? '' : ',';
    return { headers: {}, body: Buffer.from(rest.replace('{', () => `{${own}${comma}`)) };
  },
};
