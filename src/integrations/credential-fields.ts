import type { Integration } from '../platform/database/generated/client.js';

/** The secrets of an integration; each has `…UpdatedAt` beside it. */
export const CREDENTIAL_FIELDS = ['accessToken', 'refreshToken', 'apiKey', 'webhookSecret'] as const;
export type CredentialField = (typeof CREDENTIAL_FIELDS)[number];

/** Scheme of the webhooks of a provider unless another one is chosen (contract §6). */
export const DEFAULT_SCHEMES: Record<Integration['provider'], Integration['webhookScheme']> = {
  CUSTOM: 'standard',
  TIKTOK_SHOP: 'tiktok',
  SCALEV: 'scalev',
  GOOGLE_ADS: 'google_ads',
  MENGANTAR: 'hmac',
};

/** As the contract writes it: `google-ads`. */
export function schemeName(scheme: Integration['webhookScheme']): string {
  return scheme.replace('_', '-');
}
