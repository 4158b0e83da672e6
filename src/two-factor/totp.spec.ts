import { ScureBase32Plugin, generateSync } from 'otplib';
import { SystemRandomSource } from '../platform/crypto/random-source.js';
import { createTotpSecret, findTimeStep, otpauthUrl } from './totp.js';

const base32 = new ScureBase32Plugin();

/** The shared secret of RFC 6238, Appendix B, for SHA-1. */
const RFC_SECRET = base32.encode(Buffer.from('12345678901234567890'), { padding: false });

const at = (epochSeconds: number) => new Date(epochSeconds * 1000);

describe('findTimeStep', () => {
  // RFC 6238, Appendix B, SHA-1: the last six of the eight digits, which is what truncation to six gives (RFC 4226 §5.3).
  const vectors: [number, string, number][] = [
    [59, '287082', 0x1],
    [1111111109, '081804', 0x23523ec],
    [1111111111, '050471', 0x23523ed],
    [1234567890, '005924', 0x273ef07],
    [2000000000, '279037', 0x3f940aa],
    [20000000000, '353130', 0x27bc86aa],
  ];
  it.each(vectors)('at %i s takes %s as step %i (RFC 6238, Appendix B)', (seconds, code, step) => {
    expect(findTimeStep(RFC_SECRET, code, at(seconds))).toBe(step);
  });

  it('takes a code through its own step and the next one, to the second [V6.5.5]', () => {
    const step = 0x273ef07;
    const start = step * 30;
    const results = [start - 1, start, start + 29, start + 30, start + 59, start + 60].map((second) =>
      findTimeStep(RFC_SECRET, '005924', at(second)),
    );
    expect(results).toEqual([null, step, step, step, step, null]);
  });

  it('refuses the code of the next step and those of two and more steps ago', () => {
    const now = at(1_800_000_010);
    const found = [-3, -2, -1, 0, 1, 2].map((steps) =>
      findTimeStep(RFC_SECRET, generateSync({ secret: RFC_SECRET, epoch: 1_800_000_010 + steps * 30 }), now),
    );
    expect(found).toEqual([null, null, 59_999_999, 60_000_000, null, null]);
  });

  it('keeps leading zeros, and takes no shorter form of them', () => {
    expect(findTimeStep(RFC_SECRET, '005924', at(1234567890))).not.toBeNull();
    for (const code of ['5924', '05924', '0005924'])
      expect(() => findTimeStep(RFC_SECRET, code, at(1234567890)) ?? refuse()).toThrow();
  });

  it('refuses the code of another secret', () => {
    const other = createTotpSecret(new SystemRandomSource());
    const code = generateSync({ secret: other, epoch: 59 });
    if (code !== '287082') expect(findTimeStep(RFC_SECRET, code, at(59))).toBeNull();
  });
});

describe('createTotpSecret', () => {
  it('gives 160 bits as 32 characters of base32 without padding [V6.5.3]', () => {
    const secret = createTotpSecret(new SystemRandomSource());
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(base32.decode(secret)).toHaveLength(20);
  });

  it('takes all of them from the random source', () => {
    const random = new SystemRandomSource();
    const bytes = jest.spyOn(random, 'bytes').mockReturnValue(Buffer.alloc(20, 0xff));
    expect(createTotpSecret(random)).toBe('7'.repeat(32));
    expect(bytes.mock.calls).toEqual([[20]]);
  });
});

describe('otpauthUrl', () => {
  const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
  const names: [string, string][] = [
    ['Toko Sejahtera', 'siti@example.com'],
    ['PT Maju: Jaya & Co', 'a+b&secret=X@example.com'],
    ['Warung 100%? #1/2', 'o\u2019neill@example.com'],
    ['Café 東京 🏪', 'münchen@exämple.com'],
    ["Bu 'Ani' (Baru)!*", 'x=y;z@example.com'],
  ];
  it.each(names)(
    'escapes the issuer %p and the account %p so that both come back, without a colon that would part them',
    (issuer, account) => {
      const text = otpauthUrl(issuer, account, SECRET);
      expect(text).toMatch(/^otpauth:\/\/totp\/[A-Za-z0-9%:._~!'()*@-]+\?[A-Za-z0-9%=&._~!'()*+-]+$/);
      const url = new URL(text);
      const shown = issuer.replaceAll(':', '-');
      expect(decodeURIComponent(url.pathname)).toBe(`/${shown}:${account}`);
      expect(url.searchParams.get('issuer')).toBe(shown);
      expect(url.searchParams.getAll('secret')).toEqual([SECRET]);
      // Some apps read "+" as itself: a space must be %20.
      expect(text).not.toContain('+');
    },
  );

  it('leaves algorithm, digits and period at what every app assumes', () => {
    const { searchParams } = new URL(otpauthUrl('Benteng', 'a@example.com', SECRET));
    expect(searchParams.get('algorithm') ?? 'SHA1').toBe('SHA1');
    expect(searchParams.get('digits') ?? '6').toBe('6');
    expect(searchParams.get('period') ?? '30').toBe('30');
  });
});

function refuse(): never {
  throw new Error('refused');
}
