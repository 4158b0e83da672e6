import type { AccessClaims } from './access-claims.js';
import type { Principal } from './principal.js';

/**
 * Answers who stands behind verified claims, by one indexed read. Provided by the sessions module; the platform knows
 * no module.
 */
export abstract class PrincipalReader {
  /** @returns null when the session is over, or its user may not act. */
  abstract findPrincipal(claims: AccessClaims, now: Date): Promise<Principal | null>;
}
