import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { parseSigningKeys, SigningKeys, toSigningKey } from './signing-keys.js';

const p256 = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key: KeyObject, type: 'pkcs8' | 'sec1' = 'pkcs8') =>
  key.export({ type, format: 'pem' }).toString();
const jwk = (key: KeyObject) => key.export({ format: 'jwk' });
const kidsOf = (text: string) => {
  const { keys, faults } = parseSigningKeys(text);
  expect(faults).toEqual([]);
  return keys.map(({ kid }) => kid);
};

describe('signing keys', () => {
  const [one, two] = [p256(), p256()];
  const kids = [toSigningKey(one.privateKey).kid, toSigningKey(two.privateKey).kid];

  it('are read from PEM blocks, newest first, also with line ends written out', () => {
    const both = `${pem(one.privateKey)}\n${pem(two.privateKey)}`;
    expect(kidsOf(both)).toEqual(kids);
    expect(kidsOf(both.replaceAll('\n', '\\n'))).toEqual(kids);
    expect(kidsOf(pem(one.privateKey, 'sec1'))).toEqual([kids[0]]);
  });

  it('are read from a JWK, an array of them and a JWK set', () => {
    expect(kidsOf(JSON.stringify(jwk(one.privateKey)))).toEqual([kids[0]]);
    expect(kidsOf(JSON.stringify([jwk(two.privateKey), jwk(one.privateKey)]))).toEqual(kids.toReversed());
    expect(kidsOf(JSON.stringify({ keys: [one, two].map(({ privateKey }) => jwk(privateKey)) }))).toEqual(
      kids,
    );
  });

  it('are named by the RFC 7638 thumbprint and published without the private half', () => {
    const { kid, publicJwk } = toSigningKey(one.privateKey);
    expect(kid).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const { kty, crv, x, y } = jwk(one.publicKey);
    expect(publicJwk).toEqual({ kty, crv, x, y, kid, alg: 'ES256', use: 'sig' });
  });

  it('sign with the first and are found by their own id only [V9.1.3]', () => {
    const keys = new SigningKeys(parseSigningKeys(pem(one.privateKey) + pem(two.privateKey)).keys);
    expect(keys.current.kid).toBe(kids[0]);
    expect(keys.find(kids[1])?.kid).toBe(kids[1]);
    for (const kid of ['other', undefined, null, 0]) expect(keys.find(kid)).toBeNull();
    expect(() => new SigningKeys([])).toThrow('at least one');
  });

  it('are refused on another curve, of another kind, public, twice or unreadable; no value is repeated [L-7]', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const wrong: Record<string, string> = {
      'another curve': pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey),
      secp256k1: pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey),
      rsa: pem(rsa),
      ed25519: pem(generateKeyPairSync('ed25519').privateKey),
      'public pem': one.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      'public jwk': JSON.stringify(jwk(one.publicKey)),
      twice: pem(one.privateKey) + pem(one.privateKey),
      'cut pem': pem(one.privateKey).replace(/[A-Za-z0-9+/]{20}\n/, '\n'),
      'broken json': '{"kty":',
      'no key at all': 'correct horse battery staple',
      empty: '',
    };
    for (const [name, text] of Object.entries(wrong)) {
      const { faults } = parseSigningKeys(text);
      expect({ name, faults }).toEqual({ name, faults: [expect.any(String)] });
      expect(faults.join()).not.toMatch(/MIG|correct horse|"d"/);
    }
  });
});
