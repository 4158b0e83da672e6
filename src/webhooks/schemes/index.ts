import type { Integration } from '../../platform/database/generated/client.js';
import { googleAdsScheme } from './google-ads.js';
import { hmacScheme } from './hmac.js';
import { scalevScheme } from './scalev.js';
import type { WebhookScheme } from './scheme.js';
import { standardScheme } from './standard.js';
import { tiktokScheme } from './tiktok.js';

/** Every way of signing that is understood. */
export const WEBHOOK_SCHEMES: Readonly<Record<Integration['webhookScheme'], WebhookScheme>> = {
  standard: standardScheme,
  tiktok: tiktokScheme,
  scalev: scalevScheme,
  google_ads: googleAdsScheme,
  hmac: hmacScheme,
};
