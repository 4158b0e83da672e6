import { equalInConstantTime, hmacSha256, sha256 } from '../../platform/crypto/digest.js';

/** What came in, before anything about it is believed. */
export interface Delivery {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body, byte for byte. */
  readonly body: Buffer;
}

/** What a delivery says of itself. */
export interface Claim {
  /** Whole seconds since the Unix epoch; null where the scheme has no timestamp. */
  readonly timestamp: number | null;
  /** What makes it one delivery: its effect happens once. Read only once the signature holds. */
  readonly eventId: string;
  /** Whether it was signed with a secret. Compares in constant time. */
  isSignedWith(secret: string): boolean;
}

/** What a provider would send. */
export interface SignedDelivery {
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** How one provider signs (contract §6). A new provider is one file beside this one, a line in `index.ts`, one test. */
export interface WebhookScheme {
  /** Seconds for which an event id is remembered. */
  readonly rememberSeconds: number;
  /** Reads the claim; null when the delivery has not even the form of one. Must not throw. */
  read(delivery: Delivery): Claim | null;
  /** What the provider sends for this body: for tests and for trying an integration out. */
  sign(secret: string, body: Buffer, options: { id: string; timestamp: number }): SignedDelivery;
}

const HOUR = 3600;
/** The timestamp protects after that. */
export const REMEMBER_WITH_TIMESTAMP = 24 * HOUR;
/** Nothing else protects. */
export const REMEMBER_WITHOUT_TIMESTAMP = 30 * 24 * HOUR;

/** The single value of a header. */
export function headerOf({ headers }: Delivery, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** Whole seconds since the Unix epoch as a provider writes them; null when it is anything else. */
export function readTimestamp(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,11}$/.test(text) ? Number(text) : null;
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
export function digestId(...pieces: (string | Buffer)[]): string {
  return sha256(...pieces).toString('hex');
}

/** A text field of a JSON body; undefined when there is none. Numbers count as their text. */
export function fieldOf(body: Buffer, name: string): string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || !Object.hasOwn(parsed, name)) return undefined;
  const value = (parsed as Record<string, unknown>)[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** An event id from outside: as it is when it is short and plain, else its digest. */
export function plainId(id: string): string {
  return /^[\x21-\x7e]{1,200}$/.test(id) ? id : digestId(id);
}
