import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
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
import {
  badRequest,
  headersTooLarge,
  httpsRequired,
  requestTimeout,
  unsupportedMediaType,
} from '../errors/platform.errors.js';
import type { Problem } from '../errors/problem.js';
import { PROBLEM_CONTENT_TYPE, toProblemDocument } from '../errors/problem-document.js';
import { logRequests } from '../observability/request-log.js';
import { readBodyKinds } from './body-kinds.js';
import { parseJsonBody } from './json-body.js';
import { createSecurityHeaders, securityHeaderLines } from './security-headers.js';
import { sendProblem } from './send-problem.js';

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
): Promise<FastifyInstance> {
  const applyHeaders = createSecurityHeaders(config);
  const headerLines = securityHeaderLines(applyHeaders);
  const prepareAnswer = (request: FastifyRequest, reply: FastifyReply): void => {
    applyHeaders(request.raw, reply.raw);
    void reply.header('X-Request-Id', request.id);
  };
  const server = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: () => uuidV7(),
    requestIdHeader: false,
    trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
    bodyLimit: JSON_BODY_BYTES,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: timeouts.keepAliveMs,
    forceCloseConnections: 'idle',
    http: {
      headersTimeout: timeouts.headersMs,
      connectionsCheckingInterval: timeouts.checkEveryMs,
      maxHeaderSize: 16_384,
    },
    routerOptions: { maxParamLength: 128 },
    // Called for addresses that the router cannot read, before any hook.
    frameworkErrors: (error, request, reply) => {
      prepareAnswer(request, reply);
      sendProblem(error, request, reply);
    },
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket, headerLines),
  });
  server.addHook('onRequest', async (request, reply) => {
    prepareAnswer(request, reply);
    if (config.forceHttps && request.protocol !== 'https') return refusePlainHttp(config, request, reply);
  });
  logRequests(server);
  await server.register(cookies);
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      assertPlainEncoding(request);
      return parseJsonBody(body);
    },
  );
  readBodyKinds(server);
  return server;
}

/** A plain page load is led to HTTPS; what may carry credentials is refused unread, so that the mistake shows (O-4). */
function refusePlainHttp(config: Config, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (request.method === 'GET' || request.method === 'HEAD') {
    // Joined as text: a path such as "//elsewhere" must not become a host of its own (ASVS V3.7.2).
    return reply.redirect(`${config.publicUrl}/${request.originalUrl.replace(/^[/\\]+/, '')}`, 308);
  }
  sendProblem(httpsRequired(), request, reply);
  return reply;
}

/** Compressed bodies are not read: their real size is unknown until they are unpacked. */
function assertPlainEncoding(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding'];
  const charset = /;\s*charset="?([^\s;"]+)/i.exec(request.headers['content-type'] ?? '')?.[1];
  if ((encoding ?? 'identity') !== 'identity' || (charset ?? 'utf-8').toLowerCase() !== 'utf-8') {
    throw unsupportedMediaType({ detail: 'Send the body as plain, uncompressed UTF-8 JSON.' });
  }
}

const BROKEN_REQUESTS: Record<string, () => Problem> = {
  HPE_HEADER_OVERFLOW: headersTooLarge,
  ERR_HTTP_REQUEST_TIMEOUT: requestTimeout,
};

/** What Node's own parser refuses never becomes a request: answer on the socket, in our form, and close it. */
function answerBrokenRequest(
  error: NodeJS.ErrnoException,
  socket: Socket,
  headerLines: readonly string[],
): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return;
  const problem = (BROKEN_REQUESTS[error.code ?? ''] ?? badRequest)();
  const { status } = problem.definition;
  const id = uuidV7();
  const body = JSON.stringify(toProblemDocument(problem, { path: '/', id }));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...headerLines,
    `Content-Type: ${PROBLEM_CONTENT_TYPE}`,
    `X-Request-Id: ${id}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
