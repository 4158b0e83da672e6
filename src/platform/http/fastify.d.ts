import type { Principal } from '../access/principal.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the access guard. */
    user?: Principal;
    /** Set when the answer is a problem, for the request log. */
    problemCode?: string;
  }
}
