import { unauthenticated } from '../platform/errors/platform.errors.js';

/** One answer for everything that is not a genuine delivery to a live integration. */
export const signatureRefused = () =>
  unauthenticated({
    detail: 'This delivery is not accepted: unknown integration, or missing or wrong signature or time.',
  });
