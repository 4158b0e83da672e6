import { Injectable } from '@nestjs/common';
import { AccessTokens } from '../platform/access/access-tokens.js';
import { PrincipalReader } from '../platform/access/principal-reader.js';
import type { RoleName, ServicePrincipal } from '../platform/access/principal.js';
import { Clock } from '../platform/clock/clock.js';
import { Problem } from '../platform/errors/problem.js';

/** RFC 7662 §2.2. `exp` in whole seconds since the Unix epoch. */
export type Introspection =
  { active: true; sub: string; sid: string; org: string; role: RoleName; exp: number } | { active: false };

/** Tells a service whether an access token opens anything right now. */
@Injectable()
export class IntrospectionService {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly principals: PrincipalReader,
    private readonly clock: Clock,
  ) {}

  /** Everything that is not a live token of the key's own organization is just not active (RFC 7662 §2.2, §4). */
  async introspect({ organizationId }: ServicePrincipal, token: string): Promise<Introspection> {
    try {
      const claims = await this.tokens.verify(token);
      const principal = await this.principals.findPrincipal(claims, this.clock.now());
      if (principal?.organizationId !== organizationId) return { active: false };
      const { userId, sessionId, role } = principal;
      return { active: true, sub: userId, sid: sessionId, org: organizationId, role, exp: claims.exp };
    } catch (error) {
      if (error instanceof Problem && error.definition.status === 401) return { active: false };
      throw error;
    }
  }
}
