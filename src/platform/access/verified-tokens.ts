import type { AccessClaims } from './access-claims.js';

/** Past this many the oldest is forgotten and verified anew. */
const MAX_TOKENS = 5000;

/**
 * Remembers whose signature has held, since checking ES256 costs more than the rest of a request. A signature never
 * stops holding, so this outlives nothing: time, session, user and role are judged anew on every request.
 */
export class VerifiedTokens {
  private readonly claims = new Map<string, AccessClaims>();

  find(token: string): AccessClaims | undefined {
    return this.claims.get(token);
  }

  remember(token: string, claims: AccessClaims): void {
    const [oldest] = this.claims.size >= MAX_TOKENS ? this.claims.keys() : [];
    if (oldest !== undefined) this.claims.delete(oldest);
    this.claims.set(token, claims);
  }
}
