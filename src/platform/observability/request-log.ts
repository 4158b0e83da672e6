import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readClientContext } from '../http/client-context.js';
import { pathOf } from '../http/send-problem.js';

/**
 * One line per request when its answer is out: who, what, outcome, how long. Never a header, a query or a body, so
 * that no secret can reach the log (ASVS V16.2.5). Of what the global limit refuses, only the first in each window has a line.
 * @returns what writes the line of a request that no hook sees: one whose address cannot be read.
 */
export function logRequests(
  fastify: FastifyInstance,
): (request: FastifyRequest, reply: FastifyReply) => void {
  // The line is made of named facts alone, so the search for secrets in it, the dearest part of logging, is left out.
  const log = fastify.log.child({}, { redact: { paths: [] } });
  const write = (request: FastifyRequest, reply: FastifyReply): void => {
    if (request.isUnlogged === true) return;
    const { ipAddress, userAgent } = readClientContext(request);
    const level = request.url.startsWith('/health/') ? 'debug' : 'info';
    log[level](
      {
        requestId: request.id,
        method: request.method,
        path: pathOf(request.originalUrl),
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
  };
  fastify.addHook('onResponse', (request, reply, done) => {
    write(request, reply);
    done();
  });
  return write;
}
