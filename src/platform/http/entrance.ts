import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ThrottlerStorage } from '@nestjs/throttler';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { v7 as uuidV7 } from 'uuid';
import type { Clock } from '../clock/clock.js';
import type { Config } from '../config/config.js';
import { badRequest, expectationFailed, rateLimited } from '../errors/platform.errors.js';
import type { Problem } from '../errors/problem.js';
import { PROBLEM_CONTENT_TYPE, toProblemDocument } from '../errors/problem-document.js';
import type { Signal } from '../events/signals.js';
import {
  addressBucket,
  canonicalAddress,
  clientAddress,
  clientAddressOf,
  isReadableAddress,
  trustedHop,
} from './client-address.js';
import { isContinueExpected } from './expectations.js';
import { pathOf, sendProblem } from './send-problem.js';

const RULE = 'GLOBAL';
/** A refused body of up to this length is read past, so that its connection can stay. */
const SKIPPED_BYTES = 64 * 1024;
/** Callers above the limit that are kept in mind; the oldest makes way. */
const MAX_RESTING = 10_000;
/** Header fields that may stand once: where two stand, each program on the way may believe another one (RFC 9110 §5.3). */
const SINGLE_FIELDS = new Set(['authorization', 'content-type', 'host']);

/** What the entrance needs and which exists only after it: the counters, and who listens to signals. */
export interface Wiring {
  readonly counters: ThrottlerStorage;
  readonly clock: Clock;
  emit(signal: Signal): void;
}

/**
 * The first hook of every request, whatever its path, method or body: counts it for its address and refuses what is
 * above the global limit, then what no proxy and server would read alike. Nothing of the body is read before, and a
 * refusal costs little, so that a flood meets the cheapest code there is.
 */
export class Entrance {
  private wiring: Wiring | undefined;
  private readonly headerFields: readonly string[];
  /** Who is above the limit, by bucket, and until when, in milliseconds of the monotonic clock. */
  private readonly resting = new Map<string, number>();
  private readonly addressOf: (request: IncomingMessage) => string;
  private readonly isProxy: (address: string) => boolean;

  /** @param headerFields the security headers: names and values in turn. */
  constructor(
    private readonly server: FastifyInstance,
    private readonly config: Config,
    headerFields: readonly string[],
  ) {
    this.headerFields = headerFields;
    this.addressOf = clientAddressOf(config.trustedProxies);
    this.isProxy = trustedHop(config.trustedProxies);
  }

  /**
   * Stands before Fastify: whoever was found above the limit is refused until the window ends before anything is made
   * of the request, so that a flood costs little more than being reached at all. Nobody is judged here for the first
   * time, and such a refusal has neither a line in the log nor a duration among the metrics, only its count.
   */
  standBefore(server: Server): void {
    const handlers = server.listeners('request') as ((
      request: IncomingMessage,
      response: ServerResponse,
    ) => void)[];
    server.removeAllListeners('request');
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (this.resting.size > 0 && this.turnAway(request, response)) return;
      for (const handle of handlers) handle(request, response);
    });
  }

  private turnAway(request: IncomingMessage, response: ServerResponse): boolean {
    const url = request.url ?? '/';
    if (this.wiring === undefined || url.startsWith('/health/')) return false;
    const bucket = addressBucket(this.addressOf(request));
    const until = this.resting.get(bucket);
    if (until === undefined) return false;
    const leftMs = until - this.wiring.clock.monotonicMs();
    if (leftMs <= 0) {
      this.resting.delete(bucket);
      return false;
    }
    // The window may end up to a second later.
    this.refuse(request, response, uuidV7(), Math.ceil(leftMs / 1000) + 1);
    return true;
  }

  /** Remembers a caller until a moment before its window ends: the counters alone know when that is. */
  private letRest(bucket: string, seconds: number, { clock }: Wiring): void {
    if (this.resting.size >= MAX_RESTING) this.resting.delete(this.resting.keys().next().value!);
    this.resting.set(bucket, clock.monotonicMs() + (seconds - 1) * 1000);
  }

  /** Connects the counters; before, nothing is limited. */
  wire(wiring: Wiring): void {
    this.wiring = wiring;
  }

  /** @returns whether the request may come in; if not, it is answered. */
  async admit(request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
    if (this.wiring === undefined || request.url.startsWith('/health/')) return true;
    if (!isReadableAddress(request))
      this.wiring.emit({ kind: 'client_address_unreadable', text: request.ip.slice(0, 64) });
    const { requests, seconds } = this.config.limits.GLOBAL;
    const bucket = addressBucket(clientAddress(request));
    const { totalHits, timeToExpire, timeToBlockExpire, isBlocked } = await this.count(this.wiring, bucket);
    if (isBlocked) {
      // One line for each window: what a flood costs must not be disk space.
      request.isUnlogged = totalHits > requests + 1;
      request.problemCode = 'RATE_LIMITED';
      this.letRest(bucket, timeToBlockExpire, this.wiring);
      reply.hijack();
      this.refuse(request.raw, reply.raw, request.id, timeToBlockExpire);
      return false;
    }
    void reply.header('RateLimit-Policy', `"global";q=${requests};w=${seconds}`);
    void reply.header('RateLimit', `"global";r=${Math.max(0, requests - totalHits)};t=${timeToExpire}`);
    return true;
  }

  /** Counts what Node's parser refused. @returns the refusal above the limit, else null. */
  async countBroken({ remoteAddress }: Socket): Promise<Problem | null> {
    const address = canonicalAddress(remoteAddress ?? '');
    if (address === null) return null;
    // The connection of a proxy is everybody's: what is broken on it has a count of its own, so that it harms no other.
    return this.countLost(this.isProxy(address) ? `broken:${address}` : addressBucket(address));
  }

  /** Counts a request for a tunnel. @returns the refusal above the limit, else null. */
  async countTunnel(request: IncomingMessage): Promise<Problem | null> {
    return this.countLost(addressBucket(this.addressOf(request)));
  }

  /** Counts what never becomes a request. When the counters fail, its own fault is the answer. */
  private async countLost(bucket: string): Promise<Problem | null> {
    const { wiring } = this;
    if (wiring === undefined) return null;
    const counted = await this.count(wiring, bucket).catch(() => null);
    if (counted === null || !counted.isBlocked) return null;
    this.letRest(bucket, counted.timeToBlockExpire, wiring);
    wiring.emit({ kind: 'limit_hit', rule: RULE });
    return rateLimited({ retryAfterSeconds: counted.timeToBlockExpire });
  }

  private count({ counters }: Wiring, bucket: string) {
    const { requests, seconds } = this.config.limits.GLOBAL;
    return counters.increment(`${RULE}:${bucket}`, seconds * 1000, requests, seconds * 1000, RULE);
  }

  /** Answers straight on Node's response: hooks and serializers would cost more than all the rest. */
  private refuse(
    request: IncomingMessage,
    response: ServerResponse,
    id: string,
    retryAfterSeconds: number,
  ): void {
    this.wiring?.emit({ kind: 'limit_hit', rule: RULE });
    const path = pathOf(request.url ?? '/');
    const document = toProblemDocument(rateLimited({ retryAfterSeconds }), { path, id });
    const body = Buffer.from(JSON.stringify(document));
    const fields = this.headerFields.concat(
      this.corsFields(request.headers.origin),
      ['X-Request-Id', id, 'Retry-After', String(retryAfterSeconds)],
      ['Content-Type', PROBLEM_CONTENT_TYPE, 'Content-Length', String(body.length)],
    );
    if (this.server.drain.hasBegun || !isShort(request)) fields.push('Connection', 'close');
    response.writeHead(429, fields).end(body);
  }

  /** The page of an allowed origin shall be able to read when it may come back. */
  private corsFields(origin: string | undefined): string[] {
    const vary = ['Vary', 'Origin'];
    if (origin === undefined || !this.config.corsOrigins.includes(origin)) return vary;
    return vary.concat(
      ['Access-Control-Allow-Origin', origin, 'Access-Control-Allow-Credentials', 'true'],
      ['Access-Control-Expose-Headers', 'X-Request-Id, Retry-After'],
    );
  }
}

/** Answers what no proxy and server would read alike. @returns whether it did. */
export function refuseAmbiguous(request: FastifyRequest, reply: FastifyReply): boolean {
  const fault = faultOf(request);
  if (fault === null) return false;
  void reply.header('Connection', 'close');
  sendProblem(fault, request, reply);
  return true;
}

function faultOf({ raw }: FastifyRequest): Problem | null {
  const { httpVersion, headers, rawHeaders } = raw;
  if (httpVersion !== '1.1' && httpVersion !== '1.0')
    return badRequest({ detail: 'This server speaks HTTP/1.1.' });
  if (httpVersion === '1.1' && headers.host === undefined)
    return badRequest({ detail: 'The header field Host is missing.' });
  const seen = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase();
    if (!SINGLE_FIELDS.has(name)) continue;
    if (seen.has(name)) return badRequest({ detail: `The header field ${name} stands there twice.` });
    seen.add(name);
  }
  return headers.expect === undefined || isContinueExpected(headers.expect) ? null : expectationFailed();
}

/** Whether what is left of the request is nothing, or little that is on its way already. */
function isShort({ headers }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] !== undefined || headers.expect !== undefined) return false;
  return Number(headers['content-length'] ?? 0) <= SKIPPED_BYTES;
}
