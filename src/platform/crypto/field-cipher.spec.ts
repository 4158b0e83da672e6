import { createCipheriv } from 'node:crypto';
import { DecryptionError, FieldCipher, type FieldPlace } from './field-cipher.js';
import { EncryptionKeyRing, type RingKey } from './key-ring.js';
import { SystemRandomSource } from './random-source.js';

const random = new SystemRandomSource();
const newKey = (id: string): RingKey => ({ id, bytes: random.bytes(32) });
const cipherWith = (...keys: RingKey[]) => new FieldCipher(new EncryptionKeyRing(keys), random);

const PLACE: FieldPlace = {
  table: 'totp_factors',
  column: 'secret',
  rowId: '01890000-0000-7000-8000-000000000001',
  organizationId: '01890000-0000-7000-8000-00000000000a',
};
const PLAINTEXT = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const key = newKey('k1');
const cipher = cipherWith(key);

/** Why decrypting fails; null when it does not. */
function reasonOf(envelope: string, place = PLACE, by = cipher): string | null {
  try {
    by.decrypt(envelope, place);
    return null;
  } catch (error) {
    if (!(error instanceof DecryptionError)) throw error;
    return error.reason;
  }
}

/** An envelope of the right key and place whose parts have lengths of their own. */
function encryptAs(plaintext: string | Buffer, nonceBytes: number, authTagLength: number): string {
  const nonce = random.bytes(nonceBytes);
  const { table, column, rowId, organizationId } = PLACE;
  const encrypting = createCipheriv('aes-256-gcm', key.bytes, nonce, { authTagLength }).setAAD(
    Buffer.from(JSON.stringify(['v1', key.id, table, column, rowId, organizationId])),
  );
  const body = [
    nonce,
    encrypting.update(Buffer.from(plaintext)),
    encrypting.final(),
    encrypting.getAuthTag(),
  ];
  return `v1:k1:${Buffer.concat(body).toString('base64url')}`;
}

describe('an envelope', () => {
  it('is v1, key id, and nonce, ciphertext and tag in base64url', () => {
    const [version, id, encoded, ...rest] = cipher.encrypt(PLAINTEXT, PLACE).split(':');
    expect([version, id, rest]).toEqual(['v1', 'k1', []]);
    const body = Buffer.from(encoded!, 'base64url');
    expect(body).toHaveLength(12 + PLAINTEXT.length + 16);
    expect(encoded).toBe(body.toString('base64url'));
  });

  it.each(['', 'a', PLAINTEXT, 'ünï çødé 東京 🏪\u0000', 'x'.repeat(100_000)])(
    'gives back %#',
    (plaintext) => {
      expect(cipher.decrypt(cipher.encrypt(plaintext, PLACE), PLACE)).toBe(plaintext);
    },
  );

  it('has a nonce of its own every time', () => {
    const nonces = Array.from({ length: 1000 }, () =>
      Buffer.from(cipher.encrypt('', PLACE).split(':')[2]!, 'base64url').toString('hex', 0, 12),
    );
    expect(new Set(nonces).size).toBe(1000);
  });

  it('is refused after any bit of its bytes was flipped', () => {
    const envelope = cipher.encrypt(PLAINTEXT, PLACE);
    const body = Buffer.from(envelope.split(':')[2]!, 'base64url');
    for (let index = 0; index < body.length; index += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const altered = Buffer.from(body);
        altered[index]! ^= 1 << bit;
        expect(reasonOf(`v1:k1:${altered.toString('base64url')}`)).toBe('not_authentic');
      }
    }
  });

  it('is refused after any of its characters was changed, the last one included', () => {
    for (const plaintext of ['', 'a', 'ab', PLAINTEXT]) {
      const envelope = cipher.encrypt(plaintext, PLACE);
      for (let index = 0; index < envelope.length; index += 1) {
        for (const symbol of 'AQgwBz_-9') {
          const altered = envelope.slice(0, index) + symbol + envelope.slice(index + 1);
          if (altered !== envelope) expect(reasonOf(altered)).not.toBeNull();
        }
      }
    }
  });

  it('is refused when its tag was cut, down to 4 bytes', () => {
    const [, , encoded] = cipher.encrypt(PLAINTEXT, PLACE).split(':');
    const body = Buffer.from(encoded!, 'base64url');
    for (let cut = 1; cut <= body.length; cut += 1) {
      const shorter = body.subarray(0, body.length - cut).toString('base64url');
      expect(reasonOf(`v1:k1:${shorter}`)).not.toBeNull();
    }
  });

  it('has one layout: with a nonce or a tag of another length, a byte more or less anywhere, it is refused [F-29]', () => {
    for (const plaintext of ['', 'a', PLAINTEXT]) {
      const body = Buffer.from(cipher.encrypt(plaintext, PLACE).split(':')[2]!, 'base64url');
      for (let at = 0; at <= body.length; at += 1) {
        for (const byte of [0, 0x61, body[at] ?? 0]) {
          const longer = Buffer.concat([body.subarray(0, at), Buffer.from([byte]), body.subarray(at)]);
          expect(reasonOf(`v1:k1:${longer.toString('base64url')}`)).not.toBeNull();
        }
        if (at === body.length) continue;
        const shorter = Buffer.concat([body.subarray(0, at), body.subarray(at + 1)]);
        expect(reasonOf(`v1:k1:${shorter.toString('base64url')}`)).not.toBeNull();
      }
      // Made by somebody who holds the key, but not as we make them.
      for (const nonceBytes of [1, 8, 11, 13, 16, 24]) {
        for (const authTagLength of [4, 8, 12, 13, 14, 15, 16]) {
          const envelope = encryptAs(plaintext, nonceBytes, authTagLength);
          expect([nonceBytes, authTagLength, reasonOf(envelope)]).toEqual([
            nonceBytes,
            authTagLength,
            expect.any(String),
          ]);
        }
      }
      expect(reasonOf(encryptAs(plaintext, 12, 16))).toBeNull();
    }
  });

  it('gives back what was put in or nothing: no bytes that are no UTF-8, no halves of surrogates [F-29]', () => {
    expect(reasonOf(encryptAs(Buffer.from([0xff, 0x41]), 12, 16))).toBe('not_authentic');
    for (const text of ['\ud800', 'a\udfff', '\udc00\ud800'])
      expect(() => cipher.encrypt(text, PLACE)).toThrow('lone surrogate');
    for (const text of ['\ufeffa', '\ufffd', '\0'])
      expect(cipher.decrypt(cipher.encrypt(text, PLACE), PLACE)).toBe(text);
  });

  it('is what it looks like and no more: text around it, other alphabets and paddings are refused [F-29]', () => {
    const envelope = cipher.encrypt(PLAINTEXT, PLACE);
    for (const altered of [
      ` ${envelope}`,
      `${envelope}\n`,
      `${envelope}=`,
      `${envelope}:`,
      `${envelope}:AAAA`,
      envelope.replace('v1', 'V1'),
      envelope.replace('v1', 'v+1'),
      envelope.replace('k1', 'K1'),
      envelope.replace('k1:', ':'),
      `"${envelope}"`,
    ])
      expect(reasonOf(altered)).toBe('malformed');
  });

  const elsewhere: [string, Partial<FieldPlace>][] = [
    ['row', { rowId: '01890000-0000-7000-8000-000000000002' }],
    ['column', { column: 'pending_secret' }],
    ['table', { table: 'integration_secrets' }],
    ['organization', { organizationId: '01890000-0000-7000-8000-00000000000b' }],
    ['row and organization, swapped', { rowId: PLACE.organizationId, organizationId: PLACE.rowId }],
    ['table and column, run together', { table: 'totp_factorss', column: 'ecret' }],
  ];
  it.each(elsewhere)('is refused in another %s', (_what, moved) => {
    expect(reasonOf(cipher.encrypt(PLAINTEXT, PLACE), { ...PLACE, ...moved })).toBe('not_authentic');
  });

  it('is refused with an unknown version', () => {
    const envelope = cipher.encrypt(PLAINTEXT, PLACE);
    for (const version of ['v0', 'v2', 'v01', 'v999'])
      expect(reasonOf(envelope.replace('v1', version))).toBe('unknown_version');
  });

  it('is refused with an unknown key, with another key under the same name, and under the name of another', () => {
    const envelope = cipher.encrypt(PLAINTEXT, PLACE);
    expect(reasonOf(envelope.replace(':k1:', ':k9:'))).toBe('unknown_key');
    expect(reasonOf(envelope, PLACE, cipherWith(newKey('k1')))).toBe('not_authentic');
    const twice = cipherWith(key, { id: 'k2', bytes: key.bytes });
    expect(reasonOf(envelope.replace(':k1:', ':k2:'), PLACE, twice)).toBe('not_authentic');
  });

  const malformed = [
    '',
    'v1',
    'v1:k1',
    'v1:k1:',
    'v1::AAAA',
    'v1:K1:AAAA',
    'v1:k1:AAAA',
    'v1:k1:A+A/',
    'v1:k1:AAAA=',
    PLAINTEXT,
    'v1:k1:AA AA',
    'v1:k1:AAAA\n',
  ];
  it.each(malformed)('is not %j', (text) => {
    expect(reasonOf(text)).toBe('malformed');
  });
});

describe('a key ring', () => {
  const older = newKey('2025');
  const newer = newKey('2026');
  const before = cipherWith(older);
  const during = cipherWith(newer, older);
  const afterwards = cipherWith(newer);

  it('encrypts with the newest key and still decrypts with the older one', () => {
    const old = before.encrypt(PLAINTEXT, PLACE);
    expect(during.decrypt(old, PLACE)).toBe(PLAINTEXT);
    const fresh = during.encrypt(PLAINTEXT, PLACE);
    expect(fresh).toMatch(/^v1:2026:/);
    expect(afterwards.decrypt(fresh, PLACE)).toBe(PLAINTEXT);
  });

  it('without the older key refuses what was made with it', () => {
    expect(reasonOf(before.encrypt(PLAINTEXT, PLACE), PLACE, afterwards)).toBe('unknown_key');
  });
});

describe('DecryptionError', () => {
  it('names the place and the reason, and holds nothing of key, ciphertext or plaintext', () => {
    const envelope = cipher.encrypt(PLAINTEXT, PLACE);
    const error = errorOf(() => cipher.decrypt(envelope, { ...PLACE, column: 'pending_secret' }));
    expect(error.message).toBe(
      `totp_factors.pending_secret of row ${PLACE.rowId} cannot be decrypted: not_authentic`,
    );
    const all = JSON.stringify([error, error.message, error.stack, error.cause]);
    expect(all).not.toContain(envelope.split(':')[2]);
    expect(all).not.toContain(key.bytes.toString('base64'));
    expect(error.cause).toBeUndefined();
  });
});

function errorOf(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
