import { equalInConstantTime, hmacSha256, sha256 } from '../../platform/crypto/digest.js';
import { fieldOf } from '../../platform/json/json-text.js';

/** What came in, before anything about it is believed. */
export interface Delivery {
  /** Lower-case names; each header as often as it was sent. */
  readonly headers: Readonly<NodeJS.Dict<string[]>>;
  /** The body, byte for byte. */
  readonly body: Buffer;
}

/** What a delivery says of itself. */
export interface Claim {
  /** Whole seconds since the Unix epoch; null where the scheme has no timestamp. */
  readonly timestamp: number | null;
  /**
   * What makes it one delivery: its effect happens once. Read only once the signature holds. Null when the delivery names
   * its id twice.
   */
  readonly eventId: EventId | null;
  /** Whether it was signed with a secret. Compares in constant time. */
  isSignedWith(secret: string): boolean;
}

/** The id of an event, and under which mark it is remembered. */
export interface EventId {
  /** As services and administrators see it. */
  readonly text: string;
  /** SHA-256: different for different ids, whoever chose them. */
  readonly hash: Buffer;
}

/** What a provider would send. */
export interface SignedDelivery {
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** A body or secret with which a scheme cannot sign; the message says why. */
export class SigningError extends Error {}

/** How one provider signs (contract §6). A new provider is one file beside this one, a line in `index.ts`, one test. */
export interface WebhookScheme {
  /** Seconds for which an event id is remembered. */
  readonly rememberSeconds: number;
  /** Members of the JSON body that are the secret itself: cut before anything is kept, and before it is handed over. */
  readonly secretMembers: readonly string[];
  /** Reads the claim; null when the delivery has not even the form of one. Must not throw. */
  read(delivery: Delivery): Claim | null;
  /** What the provider sends for this body: for tests and for trying an integration out. @throws SigningError */
  sign(secret: string, body: Buffer, options: { id: string; timestamp: number }): SignedDelivery;
}

const HOUR = 3600;
/** The timestamp protects after that. */
export const REMEMBER_WITH_TIMESTAMP = 24 * HOUR;
/** Nothing else protects. */
export const REMEMBER_WITHOUT_TIMESTAMP = 30 * 24 * HOUR;

/** The value of a header that was sent once; one that was sent twice has no single value. */
export function headerOf({ headers }: Delivery, name: string): string | undefined {
  const values = headers[name];
  return values?.length === 1 ? values[0] : undefined;
}

/** Whole seconds since the Unix epoch as a provider writes them; null when it is anything else. */
export function readTimestamp(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,11}$/.test(text) ? Number(text) : null;
}

/**
 * Whether an id may stand in front of a dot in what is signed. With a dot of its own the text could be cut elsewhere: into
 * another id, time and body under the same signature. Beyond visible ASCII the bytes of a header have no one reading.
 */
export function isSignableId(id: string): boolean {
  return /^[\x20-\x2d\x2f-\x7e]+$/.test(id);
}

/** The signature of the pieces; null without a key: no key signs nothing. */
export function hmacOf(key: string | Buffer, ...pieces: (string | Buffer)[]): Buffer | null {
  return key.length === 0 ? null : hmacSha256(key, ...pieces);
}

/** Whether a signature in some spelling is the expected one. */
export function isSignature(expected: Buffer | null, given: string, encoding: 'hex' | 'base64'): boolean {
  if (expected === null) return false;
  const text = encoding === 'hex' ? given.toLowerCase() : given;
  return equalInConstantTime(Buffer.from(expected.toString(encoding)), Buffer.from(text));
}

/** Whether two secrets of any length are equal, in time that tells nothing of where they differ. */
export function isSameSecret(left: string, right: string): boolean {
  return left.length > 0 && equalInConstantTime(sha256(left), sha256(right));
}

/** Stands for an event id where the provider gives none. */
export function digestId(...pieces: (string | Buffer)[]): EventId {
  const text = sha256(...pieces).toString('hex');
  return { text, hash: sha256(text) };
}

/** An event id that the provider gave: shown as it is when it is short and plain, else as its digest. */
export function givenId(id: string): EventId {
  if (!/^[\x21-\x7e]{1,200}$/.test(id)) {
    // UTF-8 writes every lone surrogate alike.
    return digestId(id.isWellFormed() ? id : Buffer.from(id, 'utf16le'));
  }
  // A given id that looks like a digest is not the event whose digest it is.
  return { text: id, hash: sha256(/^[0-9a-f]{64}$/.test(id) ? `given ${id}` : id) };
}

/** The id in a member of a JSON body, else the digest of the body; null when the member is there twice. */
export function idInBody(body: Buffer, name: string): EventId | null {
  const text = textOf(body);
  const id = text === null ? undefined : fieldOf(text, name);
  if (id === null) return null;
  return id === undefined || id === '' ? digestId(body) : givenId(id);
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The body as text when it is nothing but UTF-8, a byte order mark included; null otherwise. */
export function textOf(body: Buffer): string | null {
  try {
    return UTF8.decode(body);
  } catch {
    return null;
  }
}
