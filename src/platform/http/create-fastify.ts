import cookies from '@fastify/cookie';
import {
  fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { v7 as uuidV7 } from 'uuid';
import type { Config } from '../config/config.js';
import { unsupportedMediaType } from '../errors/platform.errors.js';
import { logRequests } from '../observability/request-log.js';
import { BODY_LIMITS, BodyIntake, type BodyLimits } from './body-intake.js';
import { readBodyKinds } from './body-kinds.js';
import { BrokenRequests } from './broken-requests.js';
import { trustedHop } from './client-address.js';
import { Drain } from './drain.js';
import { Entrance, refuseAmbiguous } from './entrance.js';
import { keepExpectations } from './expectations.js';
import { parseJsonBody } from './json-body.js';
import { plainHttpRule } from './plain-http.js';
import { createSecurityHeaders, securityHeaderFields, toLines } from './security-headers.js';
import { sendProblem } from './send-problem.js';
import { rememberReplies } from './uncaught-faults.js';

/** Contract §1. */
const JSON_BODY_BYTES = 100 * 1024;
/** How long a client may take; who is slower loses its place. All in milliseconds. */
export interface Timeouts {
  readonly requestMs: number;
  readonly headersMs: number;
  /** Longer than the usual 60 s of a proxy, so that the proxy closes first. */
  readonly keepAliveMs: number;
  /** How often the two first are looked at. */
  readonly checkEveryMs: number;
}

const TIMEOUTS: Timeouts = {
  requestMs: 30_000,
  headersMs: 15_000,
  keepAliveMs: 72_000,
  checkEveryMs: 5000,
};

/**
 * The HTTP server below Nest: headers on every answer, transport rules, cookies, the JSON parser, time limits. Built
 * before Nest's adapter, so that its hooks run first and nothing is answered without them.
 */
export async function createFastify(
  config: Config,
  logger: FastifyBaseLogger,
  timeouts: Timeouts = TIMEOUTS,
  bodyLimits: BodyLimits = BODY_LIMITS,
): Promise<FastifyInstance> {
  const applyHeaders = createSecurityHeaders(config);
  const headerFields = securityHeaderFields(applyHeaders);
  const broken = new BrokenRequests(toLines(headerFields));
  const answerPlainHttp = plainHttpRule(config);
  const prepareAnswer = (request: FastifyRequest, reply: FastifyReply): void => {
    applyHeaders(request.raw, reply.raw);
    void reply.header('X-Request-Id', request.id);
  };
  const refuse = async (error: Error, request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (!(await server.entrance.admit(request, reply))) return;
    prepareAnswer(request, reply);
    sendProblem(error, request, reply);
  };
  const server = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: () => uuidV7(),
    requestIdHeader: false,
    trustProxy: config.trustedProxies.length > 0 ? trustedHop(config.trustedProxies) : false,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: timeouts.keepAliveMs,
    forceCloseConnections: 'idle',
    http: {
      headersTimeout: timeouts.headersMs,
      connectionsCheckingInterval: timeouts.checkEveryMs,
      maxHeaderSize: 16_384,
      // Node would answer a missing Host without our headers: the entrance does.
      requireHostHeader: false,
    },
    routerOptions: { maxParamLength: 128 },
    // Called for addresses that the router cannot read, before any hook.
    frameworkErrors: (error, request, reply) => {
      reply.raw.once('finish', () => logRequest(request, reply));
      void refuse(error, request, reply);
    },
    clientErrorHandler: (error, socket) => {
      void broken.answer(error, socket, (source) => server.entrance.countBroken(source));
    },
  });
  keepExpectations(server.server);
  broken.refuseTunnels(server.server, (request) => server.entrance.countTunnel(request));
  server.decorate('entrance', new Entrance(server, config, headerFields));
  server.entrance.standBefore(server.server);
  server.addHook('onRequest', async (request, reply) => {
    if (!(await server.entrance.admit(request, reply))) return reply;
    return undefined;
  });
  server.addHook('onRequest', (request, reply, done) => {
    prepareAnswer(request, reply);
    if (!refuseAmbiguous(request, reply) && answerPlainHttp(request, reply) === null) done();
  });
  rememberReplies(server);
  server.decorate('bodies', new BodyIntake(bodyLimits));
  server.decorate('drain', new Drain(server));
  const logRequest = logRequests(server);
  await server.register(cookies);
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', async (request: FastifyRequest) => {
    assertPlainEncoding(request);
    const body = await server.bodies.read(request, JSON_BODY_BYTES);
    try {
      return parseJsonBody(body.bytes);
    } finally {
      body.release();
    }
  });
  readBodyKinds(server);
  return server;
}

/** Compressed bodies are not read: their real size is unknown until they are unpacked. */
function assertPlainEncoding(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding'];
  const charset = /;\s*charset="?([^\s;"]+)/i.exec(request.headers['content-type'] ?? '')?.[1];
  if ((encoding ?? 'identity') !== 'identity' || (charset ?? 'utf-8').toLowerCase() !== 'utf-8') {
    throw unsupportedMediaType({ detail: 'Send the body as plain, uncompressed UTF-8 JSON.' });
  }
}
