/** One symmetric key of 256 bits with the name that ciphertexts and tokens carry. */
export interface RingKey {
  /** `k1`, `k2` …: 1 to 16 characters of a-z, 0-9, `_` and `-`. */
  readonly id: string;
  /** 32 bytes. */
  readonly bytes: Buffer;
}

/** Symmetric keys, newest first: the first one makes, all of them check. */
export class KeyRing {
  constructor(readonly keys: readonly RingKey[]) {
    if (keys.length === 0) throw new Error('a key ring needs at least one key');
  }

  /** The key that new values are made with. */
  get current(): RingKey {
    return this.keys[0]!;
  }

  /** The key named `id`, or null. */
  find(id: string): RingKey | null {
    return this.keys.find((key) => key.id === id) ?? null;
  }
}

/** `ENCRYPTION_KEYS` as a dependency: field encryption. */
export class EncryptionKeyRing extends KeyRing {}

/** `TOKEN_KEYS` as a dependency: refresh tokens and hashed codes. */
export class TokenKeyRing extends KeyRing {}

const KEY_BYTES = 32;

/** One key has two spellings, base64 and base64url: a decoder would also take mixtures, and drop bits of the last character. */
function isExactly(encoded: string, bytes: Buffer): boolean {
  const url = bytes.toString('base64url');
  return [url, `${url}=`, bytes.toString('base64')].includes(encoded);
}

/**
 * Reads `k2:<base64 of 32 bytes>,k1:<…>`, newest first.
 * @returns the keys, or sentences that say what is wrong; never the value itself.
 */
export function parseKeyRing(text: string): { keys: RingKey[]; faults: string[] } {
  const faults: string[] = [];
  const keys: RingKey[] = [];
  for (const [index, entry] of text.split(',').entries()) {
    const [, id, encoded] = /^\s*([a-z0-9_-]{1,16}):([A-Za-z0-9+/_-]+={0,2})\s*$/.exec(entry) ?? [];
    if (!id || !encoded) {
      faults.push(`entry ${index + 1} is not of the form <id>:<base64>`);
      continue;
    }
    const bytes = Buffer.from(encoded, 'base64');
    if (bytes.length !== KEY_BYTES)
      faults.push(`key "${id}" has ${bytes.length} bytes instead of ${KEY_BYTES}`);
    else if (!isExactly(encoded, bytes)) faults.push(`key "${id}" is not base64 as it is written`);
    else if (new Set(bytes).size < 12) faults.push(`key "${id}" is not random`);
    if (keys.some((key) => key.id === id)) faults.push(`key id "${id}" appears twice`);
    if (keys.some((key) => key.bytes.equals(bytes))) faults.push(`key "${id}" has the value of another key`);
    keys.push({ id, bytes });
  }
  return { keys, faults };
}
