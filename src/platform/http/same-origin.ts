import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Config } from '../config/config.js';
import { csrfRefused } from '../errors/platform.errors.js';

const CROSS_SITE =
  'The browser says Sec-Fetch-Site: cross-site, and the cookies are SameSite=Strict: serve the page and this service from ' +
  'the same site, such as app.example.com and api.example.com.';
const FOREIGN_ORIGIN =
  'The Origin of this request is not allowed: add it to CORS_ORIGINS, exactly as the browser sends it.';

/** Defence of the routes that act on a cookie alone (ASVS V3.5.1; OWASP CSRF cheat sheet, custom header and origin). */
@Injectable()
export class SameOrigin {
  private readonly allowed: ReadonlySet<string>;

  constructor(config: Config) {
    this.allowed = new Set([new URL(config.publicUrl).origin, ...config.corsOrigins]);
  }

  /**
   * Passes a request from our own or a listed origin that carries `X-Requested-With`, which a foreign page cannot add
   * without a preflight that we refuse.
   * @throws CSRF_REFUSED
   */
  assertCookieRequest(request: FastifyRequest): void {
    this.assertNotForeign(request);
    if (!request.headers['x-requested-with']) throw csrfRefused();
  }

  /**
   * Refuses what a browser itself calls foreign; requests of other programs carry neither header and pass.
   * @throws CSRF_REFUSED
   */
  assertNotForeign(request: FastifyRequest): void {
    const site = request.headers['sec-fetch-site'];
    if (site === 'cross-site') throw csrfRefused({ detail: CROSS_SITE });
    const { origin } = request.headers;
    // A browser vouches for same-origin itself; scripts cannot set Sec- headers (Fetch §2.2.2).
    if (origin !== undefined && site !== 'same-origin' && !this.allowed.has(origin))
      throw csrfRefused({ detail: FOREIGN_ORIGIN });
  }
}
