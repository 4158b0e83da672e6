import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';
import type { Config } from '../config/config.js';

/** Two years, as browsers' preload lists ask for. */
const HSTS_SECONDS = 63_072_000;

/**
 * Security headers of the contract's §8 for every answer, errors and refused connections included. An API serves no
 * active content, so its policy allows nothing at all.
 */
export function createSecurityHeaders(
  config: Config,
): (request: IncomingMessage, response: ServerResponse) => void {
  const applyHelmet = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'base-uri': ["'none'"],
        'form-action': ["'none'"],
        'frame-ancestors': ["'none'"],
      },
    },
    strictTransportSecurity: config.forceHttps
      ? { maxAge: HSTS_SECONDS, includeSubDomains: true, preload: true }
      : false,
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'strict-origin-when-cross-origin' },
    crossOriginResourcePolicy: { policy: 'same-site' },
    xPermittedCrossDomainPolicies: { permittedPolicies: 'none' },
  });
  return (request, response) => {
    applyHelmet(request, response, () => undefined);
    response.setHeader('Permissions-Policy', 'camera=(), microphone=(), geolocation=()');
    response.setHeader('Cache-Control', 'no-store');
  };
}

/** The same headers as names and values in turn, for answers that go past Fastify. */
export function securityHeaderFields(apply: ReturnType<typeof createSecurityHeaders>): string[] {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  apply(response.req, response);
  return Object.entries(response.getHeaders()).flatMap(([name, value]) => [name, String(value)]);
}

/** Names and values in turn as lines of an answer, for what is written straight on a socket. */
export function toLines(fields: readonly string[]): string[] {
  return fields.flatMap((field, index) => (index % 2 === 0 ? [`${field}: ${fields[index + 1]}`] : []));
}
