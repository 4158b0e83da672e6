import { unauthenticated } from '../errors/platform.errors.js';
import { isUuid } from '../validation/uuid.js';

/** Claims of an access token (RFC 9068 §2.2). Times are whole seconds since the Unix epoch. */
export interface AccessClaims {
  readonly iss: string;
  readonly aud: string;
  /** User id. */
  readonly sub: string;
  /** Session id. */
  readonly sid: string;
  /** Organization id. */
  readonly org: string;
  readonly role: string;
  readonly amr: readonly string[];
  readonly auth_time: number;
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
}

/** How far the clocks of our own instances may disagree. */
const CLOCK_SKEW_SECONDS = 5;

/**
 * Checks form and time of claims whose signature, issuer and audience already hold.
 * @param nowSeconds the injected clock, not the library's.
 * @throws UNAUTHENTICATED
 */
export function parseAccessClaims(payload: unknown, nowSeconds: number): AccessClaims {
  const claims = payload as Partial<AccessClaims>;
  const hasForm =
    [claims.sub, claims.sid, claims.org].every((id) => typeof id === 'string' && isUuid(id)) &&
    [claims.auth_time, claims.iat, claims.exp].every((time) => Number.isSafeInteger(time)) &&
    Array.isArray(claims.amr);
  if (!hasForm) throw unauthenticated();
  const { exp, iat } = claims as AccessClaims;
  if (exp <= nowSeconds || iat > nowSeconds + CLOCK_SKEW_SECONDS) throw unauthenticated();
  return claims as AccessClaims;
}
