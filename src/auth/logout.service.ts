import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AccessTokens } from '../platform/access/access-tokens.js';
import { readClientContext } from '../platform/http/client-context.js';
import { Cookies } from '../platform/http/cookies.js';
import { SameOrigin } from '../platform/http/same-origin.js';
import { RefreshRotation } from '../sessions/refresh-rotation.js';
import { SessionsService } from '../sessions/sessions.service.js';

/** Signing out, by refresh cookie or by access token. */
@Injectable()
export class LogoutService {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly rotation: RefreshRotation,
    private readonly sessions: SessionsService,
    private readonly sameOrigin: SameOrigin,
    private readonly cookies: Cookies,
  ) {}

  /**
   * Ends the session that the request names and clears the cookie; doing it again changes nothing. An access token says
   * by itself that the request is meant; a cookie needs the custom header. A foreign page may not even clear the cookie.
   * @throws UNAUTHENTICATED for a bearer that is no valid token, unless the cookie counts; CSRF_REFUSED
   */
  async logout(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    this.sameOrigin.assertNotForeign(request);
    const cookie = this.cookies.read(request, 'refresh');
    const mayFallBack = cookie !== null && request.headers['x-requested-with'] !== undefined;
    const bearerSession = await this.readBearer(request, mayFallBack);
    if (cookie !== null && bearerSession === null) this.sameOrigin.assertCookieRequest(request);
    const cookieSession = cookie === null ? null : this.rotation.readSessionId(cookie);
    const client = readClientContext(request);
    for (const sessionId of new Set([bearerSession, cookieSession])) {
      if (sessionId !== null) await this.sessions.logout(sessionId, client);
    }
    this.cookies.clear(reply, 'refresh');
  }

  /** The session of the access token. One that has expired must not keep a browser from signing out by its cookie. */
  private async readBearer(request: FastifyRequest, mayFallBack: boolean): Promise<string | null> {
    const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) return null;
    try {
      return (await this.accessTokens.verify(token)).sid;
    } catch (error) {
      if (mayFallBack) return null;
      throw error;
    }
  }
}
