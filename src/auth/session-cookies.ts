import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AccessTokenResult } from '../platform/access/access-tokens.js';
import { unauthenticated } from '../platform/errors/platform.errors.js';
import { Problem } from '../platform/errors/problem.js';
import { readClientContext } from '../platform/http/client-context.js';
import { Cookies } from '../platform/http/cookies.js';
import { SameOrigin } from '../platform/http/same-origin.js';
import { addRateLimitFields } from '../platform/limits/rate-limit-fields.js';
import { KnownDevices } from '../platform/identity/known-devices.js';
import { RefreshRotation, type RefreshToken } from '../sessions/refresh-rotation.js';
import type { LoginOutcome, LoginResult } from './login-result.js';
import type { CountedBrowser, LoginBrowser } from './login-browser.js';

/** Moves tokens between cookies and the modules that make them. */
@Injectable()
export class SessionCookies {
  constructor(
    private readonly rotation: RefreshRotation,
    private readonly cookies: Cookies,
    private readonly sameOrigin: SameOrigin,
    private readonly knownDevices: KnownDevices,
  ) {}

  /** Answers a login: the refresh cookie only when it is complete. */
  answer(reply: FastifyReply, { result, tokens, device }: LoginOutcome): LoginResult {
    if (tokens !== null) this.set(reply, tokens);
    if (device !== undefined) this.cookies.set(reply, 'remember', device.token, device.maxAgeSeconds);
    if (result.status === 'authenticated') this.knownDevices.mark(reply.request, reply, result.user.email);
    return result;
  }

  /** What the browser brings along to a login. */
  readBrowser(request: FastifyRequest): LoginBrowser {
    return {
      rememberedDeviceToken: this.cookies.read(request, 'remember'),
      knownDeviceId: (email, since) => this.knownDevices.find(request, email, since),
    };
  }

  /** The same for the step that acts on a cookie. @throws CSRF_REFUSED when a foreign page sent the request. */
  readOwnBrowser(request: FastifyRequest, reply: FastifyReply): CountedBrowser {
    this.sameOrigin.assertNotForeign(request);
    return {
      ...this.readBrowser(request),
      showLimit: (rule, rate, count) => addRateLimitFields(reply, rule, rate, count),
    };
  }

  /**
   * Rotates the refresh cookie. A cookie that no longer works is cleared, so that the browser stops sending it.
   * @throws CSRF_REFUSED, UNAUTHENTICATED, SESSION_ENDED
   */
  async refresh(request: FastifyRequest, reply: FastifyReply): Promise<AccessTokenResult> {
    this.sameOrigin.assertCookieRequest(request);
    const token = this.cookies.read(request, 'refresh');
    if (token === null) throw unauthenticated({ detail: 'There is no refresh cookie. Sign in.' });
    try {
      const tokens = await this.rotation.rotate(token, readClientContext(request));
      this.set(reply, tokens);
      return tokens.access;
    } catch (error) {
      if (error instanceof Problem && error.definition.status === 401) this.cookies.clear(reply, 'refresh');
      throw error;
    }
  }

  /** After a change of one's own password: this browser stays known, with cookies that a copy of the old ones is not. */
  keep(reply: FastifyReply, email: string, token: RefreshToken): void {
    this.set(reply, token);
    this.knownDevices.mark(reply.request, reply, email);
  }

  /** Puts a refresh token in place of the one the browser has. */
  set(reply: FastifyReply, { refreshToken, refreshMaxAgeSeconds }: RefreshToken): void {
    this.cookies.set(reply, 'refresh', refreshToken, refreshMaxAgeSeconds);
  }
}
