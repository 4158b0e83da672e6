import { addSeconds } from '../clock/clock.js';
import { KeyRing } from './key-ring.js';
import { SystemRandomSource } from './random-source.js';
import { createRotatingToken, isJustSpent, parseRotatingToken } from './rotating-token.js';

const random = new SystemRandomSource();
const older = { id: 'k1', bytes: random.bytes(32) };
const newer = { id: 'k2', bytes: random.bytes(32) };
const ring = new KeyRing([newer, older]);
const content = { id: '01890000-0000-7000-8000-0000000000ff', counter: 7 };
const DEVICE = 'remembered device';
const REFRESH = 'refresh token';

describe('a rotating token', () => {
  it.each([0, 1, 7, 255, 256, 4_294_967_295])('comes back with its id and the counter %i', (counter) => {
    const token = createRotatingToken(DEVICE, newer, { ...content, counter });
    expect(token).toMatch(/^[A-Za-z0-9_-]{70}$/);
    expect(parseRotatingToken(DEVICE, ring, token)).toEqual({ ...content, counter });
  });

  it('is the same whoever computes it, and another for the next counter', () => {
    const token = createRotatingToken(DEVICE, newer, content);
    expect(createRotatingToken(DEVICE, newer, content)).toBe(token);
    expect(createRotatingToken(DEVICE, newer, { ...content, counter: 8 })).not.toBe(token);
  });

  it('of one purpose is worth nothing for the other', () => {
    expect(parseRotatingToken(REFRESH, ring, createRotatingToken(DEVICE, newer, content))).toBeNull();
    expect(parseRotatingToken(DEVICE, ring, createRotatingToken(REFRESH, newer, content))).toBeNull();
  });

  it('of an older key is read while the key is in the ring', () => {
    const token = createRotatingToken(DEVICE, older, content);
    expect(parseRotatingToken(DEVICE, ring, token)).toEqual(content);
    expect(parseRotatingToken(DEVICE, new KeyRing([newer]), token)).toBeNull();
  });

  it('is refused after any bit of it was flipped', () => {
    const bytes = Buffer.from(createRotatingToken(DEVICE, newer, content), 'base64url');
    for (let index = 0; index < bytes.length * 8; index += 1) {
      const altered = Buffer.from(bytes);
      altered[index >> 3]! ^= 1 << (index & 7);
      expect(parseRotatingToken(DEVICE, ring, altered.toString('base64url'))).toBeNull();
    }
  });

  it('is refused in any other spelling or length', () => {
    const token = createRotatingToken(DEVICE, newer, content);
    const last = token.at(-1)!;
    const next = String.fromCharCode(last.charCodeAt(0) + 1);
    const others = [
      '',
      token.slice(0, -1),
      `${token}A`,
      `${token}=`,
      ` ${token}`,
      `${token}\n`,
      token.slice(0, -1) + next,
    ];
    for (const text of others) expect(parseRotatingToken(DEVICE, ring, text)).toBeNull();
  });
});

describe('isJustSpent', () => {
  const rotatedAt = new Date('2026-01-31T08:00:00.000Z');
  const current = { counter: 8, rotatedAt };

  it('holds for ten seconds after the rotation, the tenth included', () => {
    const results = [0, 9.999, 10, 10.001, 60].map((seconds) =>
      isJustSpent(content, current, addSeconds(rotatedAt, seconds)),
    );
    expect(results).toEqual([true, true, true, false, false]);
  });

  it('holds for the token right before the current one alone', () => {
    const results = [5, 6, 7, 8, 9].map((counter) =>
      isJustSpent({ ...content, counter }, current, rotatedAt),
    );
    expect(results).toEqual([false, false, true, false, false]);
  });

  it('does not hold where nothing was rotated yet', () => {
    expect(isJustSpent({ ...content, counter: -1 }, { counter: 0, rotatedAt: null }, rotatedAt)).toBe(false);
  });
});
