import type { FastifyInstance } from 'fastify';
import { readClientContext } from '../http/client-context.js';
import { pathOf } from '../http/send-problem.js';

/**
 * One line per request when its answer is out: who, what, outcome, how long. Never a header, a query or a body, so
 * that no secret can reach the log (ASVS V16.2.5).
 */
export function logRequests(fastify: FastifyInstance): void {
  // The line is made of named facts alone, so the search for secrets in it, the dearest part of logging, is left out.
  const log = fastify.log.child({}, { redact: { paths: [] } });
  fastify.addHook('onResponse', async (request, reply) => {
    const { ipAddress, userAgent } = readClientContext(request);
    const level = request.url.startsWith('/health/') ? 'debug' : 'info';
    log[level](
      {
        requestId: request.id,
        method: request.method,
        path: pathOf(request),
        route: request.routeOptions.url ?? null,
        status: reply.statusCode,
        problem: request.problemCode,
        durationMs: Math.round(reply.elapsedTime * 10) / 10,
        ipAddress,
        userAgent,
        userId: request.user?.userId,
        organizationId: request.user?.organizationId,
      },
      'request',
    );
  });
}
