import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config/config.js';
import { httpsRequired } from '../errors/platform.errors.js';
import { inRanges } from './address-ranges.js';
import { canonicalAddress, clientAddress, isReadableAddress, trustedHop } from './client-address.js';
import { sendProblem } from './send-problem.js';

const LOOPBACK = ['127.0.0.0/8', '::1'];
/** What machines next to this one ask without a secret of a person: keys and where to find what. */
const DISCOVERY = new Set(['/.well-known/jwks.json', '/.well-known/oauth-authorization-server']);

/** The rules of `FORCE_HTTPS` (O-4, contract §8). @returns what answers a request that must not come in plain. */
export function plainHttpRule(
  config: Config,
): (request: FastifyRequest, reply: FastifyReply) => FastifyReply | null {
  const { forceHttps, publicUrl } = config;
  const internalPrefix = `${config.apiPrefix === '' ? '' : `/${config.apiPrefix}`}/internal/`;
  const isProxy = trustedHop(config.trustedProxies);
  const isInner = inRanges([...LOOPBACK, ...config.internalNetworks]);

  /** Straight from a machine of the inner network: neither the connection nor the client of a proxy is from elsewhere. */
  const comesFromInside = (request: FastifyRequest): boolean => {
    const connected = canonicalAddress(request.socket.remoteAddress ?? '');
    const client = clientAddress(request);
    const isForwarded = ['x-forwarded-for', 'forwarded'].some((name) => name in request.headers);
    if (connected === null) return false;
    // A proxy that we do not trust has clients that we do not know.
    if (isForwarded && !isProxy(connected)) return false;
    return isReadableAddress(request) && isInner(connected) && isInner(client);
  };

  return (request, reply) => {
    if (!forceHttps || request.protocol === 'https') return null;
    const path = request.url.split('?', 1)[0] ?? '';
    // Probes and scrapes come from inside, in plain, and carry nothing of a person.
    if (path.startsWith('/health/') || path === '/metrics') return null;
    if ((path.startsWith(internalPrefix) || DISCOVERY.has(path)) && comesFromInside(request)) return null;
    // A plain page load is led to HTTPS; what may carry credentials is refused unread, so that the mistake shows.
    if (request.method === 'GET' || request.method === 'HEAD') {
      // Joined as text: a path such as "//elsewhere" must not become a host of its own (ASVS V3.7.2).
      return reply.redirect(`${publicUrl}/${request.originalUrl.replace(/^[/\\]+/, '')}`, 308);
    }
    sendProblem(httpsRequired(), request, reply);
    return reply;
  };
}
