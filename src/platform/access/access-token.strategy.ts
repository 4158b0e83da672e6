import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { Clock, toEpochSeconds } from '../clock/clock.js';
import { sessionEnded } from '../errors/platform.errors.js';
import { parseAccessClaims } from './access-claims.js';
import { AccessTokens } from './access-tokens.js';
import type { Principal } from './principal.js';
import { PrincipalReader } from './principal-reader.js';
import { VerifiedTokens } from './verified-tokens.js';

/** What Passport calls a request: of Fastify's, only the headers are read. */
type HttpRequest = Parameters<Strategy['authenticate']>[0];

const readBearer = ExtractJwt.fromAuthHeaderAsBearerToken();

/** Passport's JWT strategy over our keys: signature, then claims and time, then the live session. */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(Strategy, 'access-token') {
  private readonly verified = new VerifiedTokens();

  constructor(
    accessTokens: AccessTokens,
    private readonly principals: PrincipalReader,
    private readonly clock: Clock,
  ) {
    super({
      jwtFromRequest: readBearer,
      passReqToCallback: true,
      secretOrKeyProvider: (
        _request: unknown,
        token: string,
        done: (error: unknown, key?: string) => void,
      ) => {
        try {
          // jsonwebtoken takes a KeyObject; the strategy's types know only text.
          done(null, accessTokens.findVerificationKey(token) as never);
        } catch (error) {
          done(error);
        }
      },
      ...accessTokens.verificationOptions(),
    });
  }

  /** Leaves the signature check to passport-jwt, once per token. */
  override authenticate(request: HttpRequest, options?: object): void {
    const claims = this.verified.find(readBearer(request) ?? '');
    if (claims === undefined) {
      super.authenticate(request, options);
      return;
    }
    this.validate(request, claims).then(
      (principal) => this.success(principal),
      (error: unknown) => this.error(error as Error),
    );
  }

  /** Called with the payload of a token whose signature, issuer and audience hold. */
  async validate(request: HttpRequest, payload: unknown): Promise<Principal> {
    const now = this.clock.now();
    const claims = parseAccessClaims(payload, toEpochSeconds(now));
    const principal = await this.principals.findPrincipal(claims, now);
    if (principal === null) throw sessionEnded();
    this.verified.remember(readBearer(request) ?? '', claims);
    return principal;
  }
}
