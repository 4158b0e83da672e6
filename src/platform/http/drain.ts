import { Server as HttpServer } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { unavailable } from '../errors/platform.errors.js';
import { sendProblem } from './send-problem.js';

/** How long the steps of a stop may take, in milliseconds from the closing of the port. */
export interface DrainTimes {
  /** Connections that nobody uses stay open for so long: a request may be on its way on them. */
  readonly idleMs: number;
  /** Whoever is not answered by then is cut off. */
  readonly answersMs: number;
}

const DRAIN_TIMES: DrainTimes = { idleMs: 2000, answersMs: 5500 };
const LOOK_EVERY_MS = 50;
/** A turn of the event loop in which nothing of note was done. */
const SHORT_TURN_MS = 0.2;
/** How long such a turn is waited for before the port is closed. */
const HOLD_MS = 3000;

/** Empties the HTTP server before anything behind it is closed, so that a stop loses no request (contract §10). */
export class Drain {
  private begun = false;
  private isHolding = false;
  /** Connections so far. */
  private taken = 0;
  private readonly sockets = new Set<Socket>();

  constructor(private readonly server: FastifyInstance) {
    server.server.on('connection', (socket: Socket) => {
      this.taken += 1;
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
      if (this.isHolding) socket.pause();
    });
    server.addHook('onRequest', (request, reply, done) => {
      if (this.begun && request.url.startsWith('/health/ready'))
        sendProblem(
          unavailable({ detail: 'The service is stopping.', retryAfterSeconds: 10 }),
          request,
          reply,
        );
      else done();
    });
    server.addHook('onSend', (_request, reply, payload, done) => {
      // Tells the client that its next request needs another connection (RFC 9112 §9.6).
      if (this.begun) void reply.header('Connection', 'close');
      done(null, payload);
    });
  }

  /** Whether answers are the last ones of their connections. */
  get hasBegun(): boolean {
    return this.begun;
  }

  /**
   * Takes no new connection, answers every request of those that stand, and closes each with its answer; those that
   * nobody uses are closed after a moment.
   * @returns when no connection is left.
   */
  async run({ idleMs, answersMs }: DrainTimes = DRAIN_TIMES): Promise<void> {
    const { server } = this.server;
    this.begun = true;
    if (!server.listening) return;
    this.hold();
    await this.quietTurn(HOLD_MS);
    const startedAt = performance.now();
    const empty = stopListening(server).then(() => true);
    this.letGo();
    while (!(await Promise.race([empty, delay(LOOK_EVERY_MS, false)]))) {
      // What has come on a connection is read in this turn: only then does it show whether nobody uses it.
      await this.quietTurn(LOOK_EVERY_MS);
      const elapsedMs = performance.now() - startedAt;
      if (elapsedMs > answersMs) server.closeAllConnections();
      else if (elapsedMs > idleMs) server.closeIdleConnections();
    }
  }

  /**
   * Waits for a whole turn of the event loop that was short and took no connection. A turn takes one of those that the
   * kernel has queued (libuv 1.45 and later), and closing the port resets the others, with the requests that are in them.
   * @param atMostMs gives up after so long.
   */
  private async quietTurn(atMostMs: number): Promise<void> {
    const startedAt = performance.now();
    // The turn in which this was called has looked for connections before.
    await nextTurn();
    for (let begin = performance.now(); begin - startedAt < atMostMs; begin = performance.now()) {
      const takenBefore = this.taken;
      await nextTurn();
      if (this.taken === takenBefore && performance.now() - begin < SHORT_TURN_MS) return;
    }
  }

  /** Reads nothing for a moment: what is in work gets done, and the turns of the event loop become short. */
  private hold(): void {
    this.isHolding = true;
    for (const socket of this.sockets) socket.pause();
  }

  private letGo(): void {
    this.isHolding = false;
    for (const socket of this.sockets) socket.resume();
  }
}

/** Closes the port alone: `HttpServer.close` would cut idle connections in the same moment. */
function stopListening(server: HttpServer): Promise<void> {
  return new Promise((resolve) => void NetServer.prototype.close.call(server, () => resolve()));
}
