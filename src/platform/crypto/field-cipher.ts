import { createCipheriv, createDecipheriv } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { EncryptionKeyRing, type RingKey } from './key-ring.js';
import { RandomSource } from './random-source.js';

/** Where a ciphertext belongs. It is bound to this place: moved anywhere else, it is refused. */
export interface FieldPlace {
  readonly table: string;
  readonly column: string;
  /** UUID of the row. */
  readonly rowId: string;
  /** UUID of the tenant. */
  readonly organizationId: string;
}

/** Why a ciphertext was refused; tells the log, never the client. Holds no part of key, ciphertext or plaintext. */
export class DecryptionError extends Error {
  constructor(
    readonly place: FieldPlace,
    readonly reason: 'malformed' | 'unknown_version' | 'unknown_key' | 'not_authentic',
  ) {
    super(`${place.table}.${place.column} of row ${place.rowId} cannot be decrypted: ${reason}`);
    this.name = 'DecryptionError';
  }
}

const VERSION = 'v1';

/** What every envelope of a key begins with. */
export function envelopePrefix(keyId: string): string {
  return `${VERSION}:${keyId}:`;
}
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Pinned: Node would otherwise accept a tag of 4 bytes. */
const CIPHER = 'aes-256-gcm';
const CIPHER_OPTIONS = { authTagLength: TAG_BYTES };
/** Bytes that are no UTF-8 were not made here: they would be read as something else. A byte order mark is kept. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const ENVELOPE = /^v(\d+):([a-z0-9_-]{1,16}):([A-Za-z0-9_-]+)$/;

/**
 * Encrypts single fields with AES-256-GCM (NIST SP 800-38D). An envelope is text:
 *
 *   v1 : <key id> : base64url( nonce, 12 random bytes ‖ ciphertext ‖ tag, 16 bytes )
 *
 * Associated data, as a JSON array: version, key id, table, column, row id, organization id.
 */
@Injectable()
export class FieldCipher {
  constructor(
    private readonly ring: EncryptionKeyRing,
    private readonly random: RandomSource,
  ) {}

  /** Encrypts with the newest key. @param plaintext without lone surrogates, all of which UTF-8 writes alike. */
  encrypt(plaintext: string, place: FieldPlace): string {
    if (!plaintext.isWellFormed())
      throw new TypeError(
        `${place.table}.${place.column}: text with a lone surrogate cannot be kept as it is`,
      );
    const key = this.ring.current;
    const nonce = this.random.bytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, key.bytes, nonce, CIPHER_OPTIONS).setAAD(
      associatedData(key, place),
    );
    const body = Buffer.concat([
      nonce,
      cipher.update(plaintext, 'utf8'),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    return envelopePrefix(key.id) + body.toString('base64url');
  }

  /** @throws DecryptionError when the envelope is not ours, was altered, or belongs to another place. */
  decrypt(envelope: string, place: FieldPlace): string {
    const [, version, keyId, encoded] = ENVELOPE.exec(envelope) ?? [];
    if (version === undefined || keyId === undefined || encoded === undefined)
      throw new DecryptionError(place, 'malformed');
    if (`v${version}` !== VERSION) throw new DecryptionError(place, 'unknown_version');
    const key = this.ring.find(keyId);
    if (key === null) throw new DecryptionError(place, 'unknown_key');
    const body = Buffer.from(encoded, 'base64url');
    // One spelling only: the last character of base64url may carry bits that decoding drops.
    if (body.length < NONCE_BYTES + TAG_BYTES || body.toString('base64url') !== encoded)
      throw new DecryptionError(place, 'malformed');
    try {
      const decipher = createDecipheriv(CIPHER, key.bytes, body.subarray(0, NONCE_BYTES), CIPHER_OPTIONS)
        .setAAD(associatedData(key, place))
        .setAuthTag(body.subarray(-TAG_BYTES));
      const plaintext = decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES));
      return UTF8.decode(Buffer.concat([plaintext, decipher.final()]));
    } catch {
      throw new DecryptionError(place, 'not_authentic');
    }
  }
}

function associatedData(key: RingKey, { table, column, rowId, organizationId }: FieldPlace): Buffer {
  return Buffer.from(JSON.stringify([VERSION, key.id, table, column, rowId, organizationId]), 'utf8');
}
