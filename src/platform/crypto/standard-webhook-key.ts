/**
 * The key behind a secret of Standard Webhooks: `whsec_` (which may be missing) and base64.
 * @returns null when it is anything else: a lenient decoder passes over what is no base64, and nothing may be left then.
 */
export function standardWebhookKey(secret: string): Buffer | null {
  const text = secret.replace(/^whsec_/, '');
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : null;
}
