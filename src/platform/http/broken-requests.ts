import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { v7 as uuidV7 } from 'uuid';
import { badRequest, headersTooLarge, requestTimeout } from '../errors/platform.errors.js';
import type { Problem } from '../errors/problem.js';
import { PROBLEM_CONTENT_TYPE, toProblemDocument } from '../errors/problem-document.js';

const BROKEN_REQUESTS: Record<string, () => Problem> = {
  HPE_HEADER_OVERFLOW: headersTooLarge,
  ERR_HTTP_REQUEST_TIMEOUT: requestTimeout,
};

/** A socket of Node's HTTP server with the answer that is under way on it (nodejs/node lib/_http_server.js). */
type HttpSocket = Duplex & { readonly _httpMessage?: ServerResponse | null };

/** Counts what never becomes a request. @returns the refusal above the limit, else null. */
type Count<Source> = (source: Source) => Promise<Problem | null>;

/** Answers what never becomes a request, in our form, and closes the connection. */
export class BrokenRequests {
  /** Connections that get their last answer: what still comes on them is broken as well, and counts no more. */
  private readonly ending = new WeakSet<Duplex>();

  /** @param headerLines the security headers as lines of an answer. */
  constructor(private readonly headerLines: readonly string[]) {}

  /** CONNECT asks for a tunnel: Node would hang up without a word. */
  refuseTunnels(server: Server, count: Count<IncomingMessage>): void {
    server.on('connect', (request, socket) => {
      socket.on('error', () => undefined);
      void (async () => {
        const own = badRequest({ detail: 'This server is no proxy: it does not know CONNECT.' });
        this.end(socket, (await count(request)) ?? own);
      })();
    });
  }

  /** What Node's own parser refuses, or gave up waiting for. */
  async answer(error: NodeJS.ErrnoException, socket: Socket, count: Count<Socket>): Promise<void> {
    if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return;
    if (this.ending.has(socket)) return;
    this.ending.add(socket);
    const problem = (await count(socket)) ?? (BROKEN_REQUESTS[error.code ?? ''] ?? badRequest)();
    const current = (socket as HttpSocket)._httpMessage;
    // An answer that has begun cannot be taken back; a second one would be read as part of it.
    if (current?.headersSent === true && !current.writableFinished) socket.destroy();
    // The broken request stands behind one that is still being answered: each gets its own answer, in their order.
    else if (current?.req.complete === true) current.once('finish', () => this.end(socket, problem));
    else this.end(socket, problem);
  }

  private end(socket: Duplex, problem: Problem): void {
    if (socket.destroyed || !socket.writable) return;
    const { status } = problem.definition;
    const { retryAfterSeconds } = problem;
    const id = uuidV7();
    const body = JSON.stringify(toProblemDocument(problem, { path: '/', id }));
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      ...this.headerLines,
      `Content-Type: ${PROBLEM_CONTENT_TYPE}`,
      `X-Request-Id: ${id}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...(retryAfterSeconds === undefined ? [] : [`Retry-After: ${retryAfterSeconds}`]),
      'Connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  }
}
