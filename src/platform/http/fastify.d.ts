import type { BodyIntake, HeldBody } from './body-intake.js';
import type { BodyKind } from './body-kinds.js';
import type { Drain } from './drain.js';
import type { Entrance } from './entrance.js';
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
    /** The canonical client address, once it was asked for. */
    clientIp?: string;
    /** Set where many refusals alike make one line of the log. */
    isUnlogged?: boolean;
    /** Memory to release with the answer; on raw routes only. */
    heldBody?: HeldBody;
  }

  interface FastifyInstance {
    /** Reads all bodies. */
    readonly bodies: BodyIntake;
    /** The first hook of every request. */
    readonly entrance: Entrance;
    /** Empties the server before a stop. */
    readonly drain: Drain;
  }

  interface FastifyContextConfig {
    /** What the route reads; absent: JSON. */
    bodyKind?: BodyKind;
  }
}
