import { HttpException } from '@nestjs/common';
import { DecryptionError } from '../crypto/field-cipher.js';
import { isDatabaseUnavailable } from '../database/database-errors.js';
import {
  badRequest,
  conflict,
  forbidden,
  internal,
  malformedBody,
  notFound,
  payloadTooLarge,
  rateLimited,
  unauthenticated,
  unavailable,
  unsupportedMediaType,
  uriTooLong,
} from './platform.errors.js';
import { Problem } from './problem.js';

const UNREADABLE = 'What is kept here cannot be read any more; the administrators have an alert.';

const BY_STATUS = new Map([
  [400, badRequest],
  [401, unauthenticated],
  [403, forbidden],
  [404, notFound],
  [413, payloadTooLarge],
  [414, uriTooLong],
  [415, unsupportedMediaType],
  [429, rateLimited],
  [503, unavailable],
]);

/**
 * Any thrown value as a problem. What the framework throws keeps its status and loses its words; what nobody planned
 * becomes INTERNAL, with the cause for the log only (ASVS V16.5.1).
 */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isDatabaseUnavailable(error)) return unavailable({ retryAfterSeconds: 2, cause: error });
  // Refused, alerted and logged where it was read; whoever asked can do nothing about it but ask somebody.
  if (error instanceof DecryptionError) return conflict({ detail: UNREADABLE, cause: error });
  const status = statusOf(error);
  if (status === undefined || status >= 500) {
    return status === 503 ? unavailable({ retryAfterSeconds: 2, cause: error }) : internal({ cause: error });
  }
  if (/FST_ERR_CTP_(INVALID_JSON_BODY|INVALID_CONTENT_LENGTH|BODY_INVALID)/.test(codeOf(error))) {
    return malformedBody({ cause: error });
  }
  return (BY_STATUS.get(status) ?? badRequest)({ cause: error });
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number')
    return error.statusCode;
  return undefined;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
