import type { BodyKind } from './body-kinds.js';
import type { Principal, ServicePrincipal } from '../access/principal.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the access guard. */
    user?: Principal;
    /** Set by the access guard on internal routes. */
    service?: ServicePrincipal;
    /** Set when the answer is a problem, for the request log. */
    problemCode?: string;
    /** The content type that the client sent; on raw routes only. */
    sentContentType?: string | undefined;
  }

  interface FastifyContextConfig {
    /** What the route reads; absent: JSON. */
    bodyKind?: BodyKind;
  }
}
