import { malformedBody, unauthenticated } from '../platform/errors/platform.errors.js';
import { MAX_PAYLOAD_DEPTH } from './payload.js';

/** One answer for everything that is not a genuine delivery to a live integration. */
export const signatureRefused = () =>
  unauthenticated({
    detail: 'This delivery is not accepted: unknown integration, or missing or wrong signature or time.',
  });

/** A genuine delivery that could not be handed over, or not as one event: the provider should know, and nothing is kept. */
export const payloadRefused = (reason: 'too_deep' | 'ambiguous_id') =>
  malformedBody({
    detail:
      reason === 'too_deep'
        ? `The body is nested more than ${MAX_PAYLOAD_DEPTH} levels deep.`
        : 'The body names the id of its event more than once.',
  });
