import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../config/config.js';

/** Cookies of the contract (§2). */
export type CookieName = 'refresh' | 'remember' | 'device';

/**
 * Sets and reads our cookies: HttpOnly, SameSite=Strict, Path=/, host-only, and in production Secure with the `__Host-`
 * prefix (ASVS V3.3.1 to V3.3.4; RFC 6265bis §4.1.3).
 */
@Injectable()
export class Cookies {
  private readonly prefix: string;

  constructor(private readonly config: Config) {
    this.prefix = config.cookieSecure ? '__Host-' : '';
  }

  read(request: FastifyRequest, name: CookieName): string | null {
    return request.cookies[this.prefix + name] ?? null;
  }

  set(reply: FastifyReply, name: CookieName, value: string, maxAgeSeconds: number): void {
    void reply.setCookie(this.prefix + name, value, { ...this.attributes(), maxAge: maxAgeSeconds });
  }

  clear(reply: FastifyReply, name: CookieName): void {
    void reply.clearCookie(this.prefix + name, this.attributes());
  }

  private attributes() {
    return { path: '/', httpOnly: true, secure: this.config.cookieSecure, sameSite: 'strict' as const };
  }
}
