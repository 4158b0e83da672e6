import type { KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { Clock, toEpochSeconds } from '../clock/clock.js';
import { Config } from '../config/config.js';
import { RandomSource } from '../crypto/random-source.js';
import { SigningKeys } from '../crypto/signing-keys.js';
import { unauthenticated } from '../errors/platform.errors.js';
import { parseAccessClaims, type AccessClaims } from './access-claims.js';

/** Lifetime of an access token (contract §2). */
const ACCESS_TOKEN_SECONDS = 600;
/** RFC 9068 §2.1: keeps other JWTs of the same issuer from being taken for access tokens (ASVS V9.2.2). */
const ACCESS_TOKEN_TYPE = 'at+jwt';

/** What `POST /auth/refresh` and a completed login hand out. */
export interface AccessTokenResult {
  accessToken: string;
  tokenType: 'Bearer';
  expiresInSeconds: number;
}

/** Whom a token is for. */
export interface AccessTokenSubject {
  readonly userId: string;
  readonly sessionId: string;
  readonly organizationId: string;
  readonly role: string;
  readonly amr: readonly string[];
  readonly authenticatedAt: Date;
  /** The absolute end of the session: no token outlives it. */
  readonly sessionExpiresAt: Date;
}

/** Signs and checks access tokens: JWT, ES256 (RFC 7518 §3.4), keys from the settings alone. */
@Injectable()
export class AccessTokens {
  constructor(
    private readonly jwt: JwtService,
    private readonly signingKeys: SigningKeys,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly random: RandomSource,
  ) {}

  /** Signs a token with the newest key. */
  async issue(subject: AccessTokenSubject): Promise<AccessTokenResult> {
    const now = toEpochSeconds(this.clock.now());
    const remaining = toEpochSeconds(subject.sessionExpiresAt) - now;
    const expiresInSeconds = Math.max(1, Math.min(ACCESS_TOKEN_SECONDS, remaining));
    const { kid, privateKey } = this.signingKeys.current;
    const accessToken = await this.jwt.signAsync(
      {
        iss: this.config.publicUrl,
        aud: this.config.publicUrl,
        sub: subject.userId,
        sid: subject.sessionId,
        org: subject.organizationId,
        role: subject.role,
        amr: subject.amr,
        auth_time: toEpochSeconds(subject.authenticatedAt),
        iat: now,
        exp: now + expiresInSeconds,
        jti: this.random.id(),
      },
      // The `secret` option is how @nestjs/jwt passes a KeyObject through to jsonwebtoken.
      {
        secret: privateKey as never,
        algorithm: 'ES256',
        header: { alg: 'ES256', typ: ACCESS_TOKEN_TYPE, kid },
      },
    );
    return { accessToken, tokenType: 'Bearer', expiresInSeconds };
  }

  /**
   * The public key a token may be checked with: its header must say ES256, `at+jwt` and one of our own key ids; keys
   * embedded in a token are never looked at (ASVS V9.1.2, V9.1.3). We know no extension that a token may call critical,
   * so one that names any is not for us (RFC 7515 §4.1.11).
   * @throws UNAUTHENTICATED
   */
  findVerificationKey(token: string): KeyObject {
    const header = readHeader(token);
    const key = this.signingKeys.find(header?.['kid']);
    const isOurs = header?.['alg'] === 'ES256' && header['typ'] === ACCESS_TOKEN_TYPE && !('crit' in header);
    if (!isOurs || key === null) throw unauthenticated();
    return key.publicKey;
  }

  /**
   * Checks a token wholly but for the session behind it.
   * @throws UNAUTHENTICATED
   */
  async verify(token: string): Promise<AccessClaims> {
    const publicKey = this.findVerificationKey(token);
    const payload: unknown = await this.jwt
      .verifyAsync(token, { secret: publicKey as never, ...this.verificationOptions() })
      .catch((cause: unknown) => Promise.reject(unauthenticated({ cause })));
    return parseAccessClaims(payload, toEpochSeconds(this.clock.now()));
  }

  /** Options of jsonwebtoken for every check. Times are judged by `parseAccessClaims` with the injected clock. */
  verificationOptions() {
    return {
      algorithms: ['ES256' as const],
      issuer: this.config.publicUrl,
      audience: this.config.publicUrl,
      ignoreExpiration: true,
    };
  }
}

function readHeader(token: string): Record<string, unknown> | null {
  try {
    const header: unknown = JSON.parse(
      Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString('utf8'),
    );
    return typeof header === 'object' ? (header as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
