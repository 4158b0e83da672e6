import { AsyncLocalStorage } from 'node:async_hooks';
import type { FastifyBaseLogger, FastifyInstance, FastifyReply } from 'fastify';
import { internal } from '../errors/platform.errors.js';
import { sendProblem } from './send-problem.js';

/** The answer that the code which runs now works for. */
const underWay = new AsyncLocalStorage<FastifyReply>();

/** Lets a fault find the request it belongs to. */
export function rememberReplies(server: FastifyInstance): void {
  server.addHook('onRequest', (_request, reply, done) => underWay.run(reply, done));
}

/**
 * The last net: what was thrown where nobody could catch it (an event of a stream, a timer, a forgotten promise) is
 * logged, its request is answered with 500, and everybody else's goes on (ASVS V16.5.4). Ending the process, which Node
 * would do, would let one crafted request end the service for all, again and again.
 * @param note called with each fault, for metrics and alerts.
 */
export function surviveUncaughtFaults(logger: FastifyBaseLogger, note: () => void): void {
  const survive = (error: unknown): void => {
    try {
      logger.fatal({ err: error }, 'a fault that nothing caught; the service goes on');
      note();
      const reply = underWay.getStore();
      if (reply !== undefined && !reply.sent) sendProblem(internal({ cause: error }), reply.request, reply);
    } catch {
      // Nothing is left that could be told; a fault in here would come back here for ever.
    }
  };
  process.on('uncaughtException', survive);
  process.on('unhandledRejection', survive);
}
