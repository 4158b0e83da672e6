import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { sha256 } from './digest.js';

/** One ES256 key (RFC 7518 §3.4): P-256. */
export interface SigningKey {
  /** RFC 7638 thumbprint of the public key, base64url. */
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The public half as a JWK with `kid`, `alg` and `use`, for `/.well-known/jwks.json`. */
  readonly publicJwk: JsonWebKey & { kid: string; alg: 'ES256'; use: 'sig' };
}

/** Signing keys, newest first: the first signs, all verify. */
export class SigningKeys {
  constructor(readonly keys: readonly SigningKey[]) {
    if (keys.length === 0) throw new Error('at least one signing key is needed');
  }

  /** The key that signs. */
  get current(): SigningKey {
    return this.keys[0]!;
  }

  /** The key of that `kid`, or null: keys come from the settings alone, never from a token (ASVS V9.1.3). */
  find(kid: unknown): SigningKey | null {
    return this.keys.find((key) => key.kid === kid) ?? null;
  }
}

/** @param privateKey an EC private key on P-256; anything else throws. */
export function toSigningKey(privateKey: KeyObject): SigningKey {
  if (privateKey.asymmetricKeyType !== 'ec' || privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new Error('not an EC key on the curve P-256');
  }
  const publicKey = createPublicKey(privateKey);
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  // RFC 7638 §3: the required members in lexicographic order, without white space.
  const kid = sha256(JSON.stringify({ crv, kty, x, y })).toString('base64url');
  return { kid, privateKey, publicKey, publicJwk: { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' } };
}

/**
 * Reads `JWT_PRIVATE_KEYS`: PEM blocks (also with `\n` written out), a JWK, an array of JWKs or a JWK set.
 * @returns the keys in the order given, or sentences that say what is wrong; never the value itself.
 */
export function parseSigningKeys(text: string): { keys: SigningKey[]; faults: string[] } {
  const faults: string[] = [];
  const keys: SigningKey[] = [];
  const add = (label: string, load: () => KeyObject): void => {
    try {
      const key = toSigningKey(load());
      if (keys.some((other) => other.kid === key.kid)) faults.push(`${label} appears twice`);
      else keys.push(key);
    } catch {
      faults.push(`${label} is not an EC private key on the curve P-256`);
    }
  };
  const trimmed = text.trim();
  if (/^[[{]/.test(trimmed)) {
    for (const [index, key] of readJwks(trimmed).entries()) {
      add(`JWK ${index + 1}`, () => createPrivateKey({ key, format: 'jwk' }));
    }
  } else {
    const blocks =
      trimmed.replaceAll('\\n', '\n').match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? [];
    for (const [index, pem] of blocks.entries()) add(`PEM block ${index + 1}`, () => createPrivateKey(pem));
  }
  if (keys.length === 0 && faults.length === 0) faults.push('neither a PEM block nor a JWK was found');
  return { keys, faults };
}

function readJwks(text: string): JsonWebKey[] {
  try {
    const parsed = JSON.parse(text) as JsonWebKey | JsonWebKey[] | { keys: JsonWebKey[] };
    if (Array.isArray(parsed)) return parsed;
    return 'keys' in parsed && Array.isArray(parsed.keys) ? (parsed.keys as JsonWebKey[]) : [parsed];
  } catch {
    return [];
  }
}
