import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import { hmacSha256 } from '../platform/crypto/digest.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { Signals } from '../platform/events/signals.js';

/** One password for so many addresses within the window is no typo. */
const SPRAYED_EMAILS = 10;
const WINDOW_MS = 600_000;
/** Passwords watched at once; past that the oldest is forgotten. */
const MAX_PASSWORDS = 10_000;

interface Watched {
  /** On the monotonic clock. */
  readonly sinceMs: number;
  readonly emails: Set<string>;
}

/**
 * Notices one password that is tried for many addresses. No password is kept: only a keyed hash, under a key that was
 * made when this process began and is nowhere else, for ten minutes, in memory.
 */
@Injectable()
export class SprayDetector {
  private readonly key: Buffer;
  /** Insertion order is age order. */
  private readonly passwords = new Map<string, Watched>();

  constructor(
    random: RandomSource,
    private readonly clock: Clock,
    private readonly signals: Signals,
  ) {
    this.key = random.bytes(32);
  }

  /** Notes a refused try; tells once when the threshold is reached. */
  note(email: string, password: string): void {
    const now = this.clock.monotonicMs();
    this.forget(now);
    const tag = this.hash(password);
    const watched = this.passwords.get(tag) ?? { sinceMs: now, emails: new Set<string>() };
    this.passwords.set(tag, watched);
    if (watched.emails.size >= SPRAYED_EMAILS) return;
    const before = watched.emails.size;
    watched.emails.add(this.hash(email));
    if (before < SPRAYED_EMAILS && watched.emails.size === SPRAYED_EMAILS) {
      this.signals.emit({ kind: 'password_sprayed', emails: SPRAYED_EMAILS });
    }
  }

  private forget(now: number): void {
    for (const [tag, { sinceMs }] of this.passwords) {
      if (sinceMs > now - WINDOW_MS && this.passwords.size < MAX_PASSWORDS) return;
      this.passwords.delete(tag);
    }
  }

  private hash(text: string): string {
    return hmacSha256(this.key, text).toString('base64');
  }
}
