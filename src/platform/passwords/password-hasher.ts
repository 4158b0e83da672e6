import { Injectable } from '@nestjs/common';
import argon2 from 'argon2';
import bcrypt from 'bcrypt';
import { Config } from '../config/config.js';
import { Signals } from '../events/signals.js';
import type { HashCaller } from './hash-caller.js';
import { hashFormOf } from './hash-forms.js';
import { HashGate } from './hash-gate.js';

/** argon2id as OWASP recommends it (Password Storage Cheat Sheet, 2025): 19 MiB, two passes, one lane. */
export const ARGON2_OPTIONS = {
  type: argon2.argon2id,
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
} as const;

/** The hash of 48 random bytes that nobody kept: no password matches it, of the same cost as a real one: what unknown accounts are checked against. */
const DUMMY_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$EZt9zAOmmA7TU++IzFzhwg$wNY5s8P8KCMGBEVlN4ofVRIRN66UkL/F5/915QNHKTc';

/** Sign-ins under way for each hash that may be computed at once: what keeps the gate busy while others ask the database. */
const SIGN_INS_PER_PLACE = 8;
/** Sign-ins that wait for each such hash when the line counts as long: half a second of waiting. */
const LONG_LINE_PER_PLACE = 16;

/** An account as far as its hash is concerned. */
export interface HashOwner {
  readonly id: string;
  readonly organizationId: string;
  /** Null: it has no password. */
  readonly passwordHash: string | null;
}

/** Makes and checks password hashes, a bounded number at once. Passwords are compared exactly as typed. */
@Injectable()
export class PasswordHasher {
  private readonly gate: HashGate;
  private readonly signIns: HashGate;
  private readonly longLine: number;

  constructor(
    { hashConcurrency }: Config,
    private readonly signals: Signals,
  ) {
    this.gate = new HashGate(hashConcurrency);
    this.signIns = new HashGate(hashConcurrency * SIGN_INS_PER_PLACE);
    this.longLine = hashConcurrency * LONG_LINE_PER_PLACE;
  }

  /** Hashes and sign-ins that wait for their turn now. */
  get waiting(): number {
    return this.gate.waiting + this.signIns.waiting;
  }

  /** Whether so many sign-ins wait that strangers should do something for a place in the line. */
  get isCrowded(): boolean {
    return this.signIns.waiting >= this.longLine;
  }

  /**
   * Lets a whole sign-in wait for its turn, before it costs a statement: a flood in front of the gate must not fill the
   * database with lookups either. The hash inside takes its turn by itself.
   * @throws UNAVAILABLE when it does not come in time.
   */
  async inTurn<T>(caller: HashCaller, signIn: () => Promise<T>): Promise<T> {
    return this.signIns.run(caller, signIn);
  }

  /** Tells `listener` how long each hash waited, in seconds. */
  onWait(listener: (seconds: number) => void): void {
    this.gate.onWait = listener;
  }

  /** @returns a PHC string. @throws UNAVAILABLE when too many hashes wait. */
  async hash(password: string, caller: HashCaller): Promise<string> {
    return this.gate.run(caller, () => argon2.hash(password, ARGON2_OPTIONS));
  }

  /**
   * Checks `password` against the hash of `account`, or against the dummy when there is none: the same work either way,
   * so that the time of the answer does not tell whether an account exists (ASVS V6.3.8). A hash of bcrypt, brought along
   * from another system, costs its own time until the first sign-in replaces it.
   * A stored hash is not believed: one of no known form, or dearer to check than `hashFormOf` allows, matches nothing, at
   * the cost of the dummy, and raises an alert.
   * @throws UNAVAILABLE when too many hashes wait.
   */
  async verify(account: HashOwner | null, password: string, caller: HashCaller): Promise<boolean> {
    const hash = account?.passwordHash ?? null;
    const form = hash === null ? null : hashFormOf(hash);
    if (hash !== null && form === 'bcrypt')
      return this.gate.run(caller, () => bcrypt.compare(password, hash));
    if (hash !== null && form === 'argon2') {
      return this.gate.run(caller, () =>
        argon2.verify(hash, password).catch(() => this.refuse(account!, 'unreadable')),
      );
    }
    await this.gate.run(caller, () => argon2.verify(DUMMY_HASH, password));
    if (form === 'unreadable' || form === 'too_costly') this.refuse(account!, form);
    return false;
  }

  private refuse({ id, organizationId }: HashOwner, reason: 'unreadable' | 'too_costly'): false {
    this.signals.emit({ kind: 'password_hash_refused', reason, userId: id, organizationId });
    return false;
  }

  /** Whether the hash was made with weaker settings than today's, or by another system, and should be made anew at this login. */
  needsRehash(hash: string): boolean {
    return hashFormOf(hash) === 'bcrypt' || argon2.needsRehash(hash, ARGON2_OPTIONS);
  }
}
