import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { addSeconds, Clock } from '../clock/clock.js';
import { equalInConstantTime, hmacSha256 } from '../crypto/digest.js';
import { TokenKeyRing, type RingKey } from '../crypto/key-ring.js';
import { RandomSource } from '../crypto/random-source.js';
import { Cookies } from '../http/cookies.js';

const YEAR_SECONDS = 365 * 24 * 60 * 60;
/** People who share one browser; the oldest is forgotten. */
const MAX_PEOPLE = 5;

const ID_BYTES = 16;
const CONTENT_BYTES = ID_BYTES + 6;
const TAG_BYTES = 32;

interface Token {
  /** As it stands in the cookie. */
  readonly text: string;
  /** base64url of 16 random bytes. */
  readonly deviceId: string;
}

/**
 * Recognises the browsers in which a person has signed in completely before (contract §2, known device cookie). The
 * cookie proves nothing but that: it opens a lane of its own for tries to sign in, so that failures of strangers do not
 * lock the owner out. Nothing is stored. Layout of one token before base64url: device id (16 random bytes), when it was
 * issued (6 bytes, epoch milliseconds), HMAC-SHA-256 over purpose, both, and the email (32 bytes); one per person, joined by dots. A new password ends what was
 * issued before it, for whoever says when that was.
 */
@Injectable()
export class KnownDevices {
  constructor(
    private readonly cookies: Cookies,
    private readonly keys: TokenKeyRing,
    private readonly clock: Clock,
    private readonly random: RandomSource,
  ) {}

  /**
   * The id of this browser, if the owner of `email` (canonical) has signed in with it within a year; else null.
   * @param since an instant before which nothing counts.
   */
  find(request: FastifyRequest, email: string, since?: Date | null): string | null {
    return this.findToken(request, email, since)?.deviceId ?? null;
  }

  /** Remembers, or goes on remembering, that the owner of `email` signed in here. @returns whether it was known. */
  mark(request: FastifyRequest, reply: FastifyReply, email: string): boolean {
    const known = this.findToken(request, email);
    const others = this.texts(request).filter((text) => text !== known?.text);
    const id = known === null ? this.random.bytes(ID_BYTES) : Buffer.from(known.deviceId, 'base64url');
    const texts = [this.create(id, email), ...others].slice(0, MAX_PEOPLE);
    this.cookies.set(reply, 'device', texts.join('.'), YEAR_SECONDS);
    return known !== null;
  }

  private findToken(request: FastifyRequest, email: string, since?: Date | null): Token | null {
    const oldest = Math.max(addSeconds(this.clock.now(), -YEAR_SECONDS).getTime(), since?.getTime() ?? 0);
    for (const text of this.texts(request)) {
      const bytes = Buffer.from(text, 'base64url');
      // One spelling only, as in rotating tokens.
      if (bytes.length !== CONTENT_BYTES + TAG_BYTES || bytes.toString('base64url') !== text) continue;
      if (bytes.readUIntBE(ID_BYTES, 6) < oldest) continue;
      const content = bytes.subarray(0, CONTENT_BYTES);
      const tag = bytes.subarray(CONTENT_BYTES);
      if (this.keys.keys.some((key) => equalInConstantTime(tagOf(key, content, email), tag))) {
        return { text, deviceId: bytes.toString('base64url', 0, ID_BYTES) };
      }
    }
    return null;
  }

  private texts(request: FastifyRequest): string[] {
    return (this.cookies.read(request, 'device') ?? '')
      .split('.', MAX_PEOPLE)
      .filter((text) => /^[A-Za-z0-9_-]{72}$/.test(text));
  }

  private create(id: Uint8Array, email: string): string {
    const content = Buffer.alloc(CONTENT_BYTES);
    content.set(id);
    content.writeUIntBE(this.clock.now().getTime(), ID_BYTES, 6);
    return Buffer.concat([content, tagOf(this.keys.current, content, email)]).toString('base64url');
  }
}

function tagOf(key: RingKey, content: Uint8Array, email: string): Buffer {
  return hmacSha256(
    key.bytes,
    Buffer.concat([Buffer.from('benteng known device v2\0'), content, Buffer.from(email)]),
  );
}
