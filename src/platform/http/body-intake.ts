import type { FastifyRequest } from 'fastify';
import { malformedBody, payloadTooLarge, requestTimeout, unavailable } from '../errors/platform.errors.js';
import type { Problem } from '../errors/problem.js';
import { askForBody } from './expectations.js';
import { addressBucket, clientAddress } from './client-address.js';

const MIB = 1024 * 1024;
/** The first piece of memory of a body whose length is unknown. */
const FIRST_BYTES = 4096;
/** Of a body whose length is only claimed no more than this is set aside before it comes. */
const CLAIM_BYTES = 64 * 1024;
const RETRY_SECONDS = 2;

/** How much memory bodies may take, and how slowly they may come. */
export interface BodyLimits {
  /** All bodies of this process that are read or worked on, in bytes. */
  readonly totalBytes: number;
  /** Of them those of one client address (IPv6: one /64). */
  readonly addressBytes: number;
  /** Without a single byte for so long a body is given up. */
  readonly stalledMs: number;
  /** From here on a body must keep `minBytesPerSecond` in the mean; before, it never makes way for others. */
  readonly graceMs: number;
  readonly minBytesPerSecond: number;
  /** How often the slow ones are looked for. */
  readonly checkEveryMs: number;
}

export const BODY_LIMITS: BodyLimits = {
  totalBytes: 64 * MIB,
  addressBytes: 32 * MIB,
  stalledMs: 10_000,
  graceMs: 2000,
  minBytesPerSecond: 1024,
  checkEveryMs: 1000,
};

/** A body that has come whole. Its memory counts until `release` is called. */
export interface HeldBody {
  readonly bytes: Buffer;
  release(): void;
}

/**
 * Reads every body of this process and counts what they hold, so that unfinished ones cannot use up its memory. A body
 * that does not fit any more is refused with 503; but first the slowest of those that have had their time make way, so
 * that nobody holds the place of others by sending drop by drop.
 */
export class BodyIntake {
  private held = 0;
  private readonly heldByAddress = new Map<string, number>();
  private readonly open = new Set<OpenBody>();
  private watch: NodeJS.Timeout | undefined;

  constructor(readonly limits: BodyLimits = BODY_LIMITS) {}

  /** Bytes that bodies hold now. */
  get heldBytes(): number {
    return this.held;
  }

  /**
   * Reads the body of a request, which nobody has begun to read.
   * @param maxBytes what the route accepts.
   * @throws PAYLOAD_TOO_LARGE, UNAVAILABLE when there is no room, REQUEST_TIMEOUT when it comes too slowly,
   *   MALFORMED_BODY when it is cut off or not as long as it says.
   */
  async read(request: FastifyRequest, maxBytes: number): Promise<HeldBody> {
    const { raw } = request;
    const declared = declaredLength(request);
    if (declared !== undefined && declared > maxBytes) throw payloadTooLarge();
    // The client left while the guards were at work.
    if (raw.destroyed) throw malformedBody();
    askForBody(raw);
    const body = new OpenBody(addressBucket(clientAddress(request)), declared, maxBytes);
    try {
      const bytes = await new Promise<Buffer>((resolve, reject) => {
        body.refuse = reject;
        raw.on('data', (chunk: Buffer) => {
          if (body.isRefused) return;
          const fault = this.take(body, chunk);
          if (fault !== null) body.give(fault);
        });
        raw.on('end', () => {
          if (declared !== undefined && declared !== body.received) reject(malformedBody());
          else resolve(body.bytes());
        });
        // A connection that ends in the middle tells by `error` or by `close`; nobody is left to read the answer.
        raw.on('error', (cause) => reject(malformedBody({ cause })));
        raw.on('close', () => reject(malformedBody()));
        this.open.add(body);
        this.watchSlowOnes();
      });
      this.open.delete(body);
      return { bytes, release: () => this.release(body) };
    } catch (error) {
      this.open.delete(body);
      this.release(body);
      // What still comes runs through unread until the answer closes the connection.
      raw.resume();
      throw error;
    }
  }

  /** Keeps a piece. @returns why it cannot be kept, or null. */
  private take(body: OpenBody, chunk: Buffer): Problem | null {
    if (body.received + chunk.length > body.maxBytes) return payloadTooLarge();
    const more = body.missingMemory(chunk.length);
    if (more > 0) {
      if (!this.makeRoom(body, more)) return unavailable({ retryAfterSeconds: RETRY_SECONDS });
      body.grow(more);
      this.count(body.address, more);
    }
    body.append(chunk);
    return null;
  }

  /** @returns false when nothing that could make way is slower than the body that asks. */
  private makeRoom(asking: OpenBody, more: number): boolean {
    const { totalBytes, addressBytes } = this.limits;
    for (;;) {
      const isAddressFull = (this.heldByAddress.get(asking.address) ?? 0) + more > addressBytes;
      if (!isAddressFull && this.held + more <= totalBytes) return true;
      const slowest = this.slowest(isAddressFull ? asking.address : null);
      if (slowest === undefined || slowest === asking) return false;
      slowest.give(unavailable({ retryAfterSeconds: RETRY_SECONDS }));
      this.open.delete(slowest);
      this.release(slowest);
    }
  }

  /** The slowest body past its grace; of one address only, when that is given. */
  private slowest(address: string | null): OpenBody | undefined {
    const now = performance.now();
    let slowest: OpenBody | undefined;
    let slowestRate = Infinity;
    for (const body of this.open) {
      if (address !== null && body.address !== address) continue;
      if (now - body.startedAt < this.limits.graceMs) continue;
      const rate = body.bytesPerSecond(now);
      if (rate < slowestRate) [slowest, slowestRate] = [body, rate];
    }
    return slowest;
  }

  private count(address: string, bytes: number): void {
    this.held += bytes;
    const ofAddress = (this.heldByAddress.get(address) ?? 0) + bytes;
    if (ofAddress > 0) this.heldByAddress.set(address, ofAddress);
    else this.heldByAddress.delete(address);
  }

  private release(body: OpenBody): void {
    this.count(body.address, -body.forget());
  }

  /** Looks for slow bodies as long as there are any at all. */
  private watchSlowOnes(): void {
    this.watch ??= setInterval(() => {
      const now = performance.now();
      const { stalledMs, graceMs, minBytesPerSecond } = this.limits;
      for (const body of this.open) {
        const isSlow = now - body.startedAt > graceMs && body.bytesPerSecond(now) < minBytesPerSecond;
        const isStalled = now - body.lastByteAt > stalledMs;
        // A slow one has as much patience as one that stands still: people sit in trains.
        if (isStalled || (isSlow && now - body.startedAt > stalledMs)) body.give(requestTimeout());
      }
      if (this.open.size > 0) return;
      clearInterval(this.watch);
      this.watch = undefined;
    }, this.limits.checkEveryMs).unref();
  }
}

/**
 * A body on its way. The bytes go into one piece of memory that grows: kept as they come, a body in pieces of one byte
 * would cost two hundred times its length.
 */
class OpenBody {
  readonly startedAt = performance.now();
  lastByteAt = this.startedAt;
  received = 0;
  isRefused = false;
  /** Ends the reading. */
  refuse: (problem: Problem) => void = () => undefined;
  private memory = Buffer.alloc(0);
  private counted = 0;

  constructor(
    readonly address: string,
    private readonly declared: number | undefined,
    readonly maxBytes: number,
  ) {}

  give(problem: Problem): void {
    this.isRefused = true;
    this.refuse(problem);
  }

  bytesPerSecond(now: number): number {
    return (this.received * 1000) / Math.max(1, now - this.startedAt);
  }

  /** How much more memory `length` further bytes ask for: 0 while they fit. */
  missingMemory(length: number): number {
    const needed = this.received + length;
    const capacity = this.memory.length;
    if (needed <= capacity) return 0;
    const first = this.declared === undefined ? FIRST_BYTES : Math.min(this.declared, CLAIM_BYTES);
    const wanted = Math.max(needed, capacity * 2, first);
    return Math.max(needed, Math.min(wanted, this.declared ?? this.maxBytes)) - capacity;
  }

  grow(more: number): void {
    const larger = Buffer.allocUnsafeSlow(this.memory.length + more);
    this.memory.copy(larger, 0, 0, this.received);
    this.memory = larger;
    this.counted += more;
  }

  append(chunk: Buffer): void {
    chunk.copy(this.memory, this.received);
    this.received += chunk.length;
    this.lastByteAt = performance.now();
  }

  bytes(): Buffer {
    return this.memory.subarray(0, this.received);
  }

  /** Lets go of the memory. @returns how much of it was counted; nothing the second time. */
  forget(): number {
    const { counted } = this;
    this.counted = 0;
    this.memory = Buffer.alloc(0);
    return counted;
  }
}

/** What the client says the body's length is. @throws MALFORMED_BODY when that is no number. */
function declaredLength({ headers }: FastifyRequest): number | undefined {
  const text = headers['content-length'];
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw malformedBody();
  return Number(text);
}
