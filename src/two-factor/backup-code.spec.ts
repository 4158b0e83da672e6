import { KeyRing } from '../platform/crypto/key-ring.js';
import { SystemRandomSource } from '../platform/crypto/random-source.js';
import { backupCodeHashes, createBackupCodes, normalizeBackupCode } from './backup-code.js';

const random = new SystemRandomSource();
const newKey = (id: string) => ({ id, bytes: random.bytes(32) });
const CODE = '7XK2-9QRT-0MWH-4ZDE';
const ANI = '01890000-0000-7000-8000-000000000001';
const BUDI = '01890000-0000-7000-8000-000000000002';

describe('createBackupCodes [L-S7.2]', () => {
  it('gives eight different codes of four groups of four', () => {
    const codes = createBackupCodes(random);
    expect(codes).toHaveLength(8);
    expect(new Set(codes).size).toBe(8);
    for (const code of codes) expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$/);
  });

  it('uses each of the 32 symbols, in every place: 80 bits [V6.5.4]', () => {
    const codes = Array.from({ length: 100 }, () => createBackupCodes(random)).flat();
    for (let place = 0; place < 16; place += 1) {
      const symbols = new Set(codes.map((code) => code.replaceAll('-', '')[place]));
      expect(symbols.size).toBe(32);
    }
    expect(codes.join('')).not.toMatch(/[ILOU]/);
  });
});

describe('normalizeBackupCode', () => {
  const same = [
    '7xk2-9qrt-0mwh-4zde',
    '7XK29QRT0MWH4ZDE',
    '7xk29qrt0mwh4zde',
    '7XK2-9QRT-OMWH-4ZDE',
    '-7XK29QRT-0MWH4ZDE-',
  ];
  it.each(same)('reads %s as the code that was shown', (typed) => {
    expect(normalizeBackupCode(typed)).toBe('7XK29QRT0MWH4ZDE');
  });

  it('reads I, L and l as 1, O and o as 0', () => {
    expect(normalizeBackupCode('IiLl-OoOo-0101-ABCD')).toBe('1111000001 01ABCD'.replace(' ', ''));
  });

  const none = [
    '',
    '-',
    '7XK2-9QRT-0MWH-4ZD',
    '7XK2-9QRT-0MWH-4ZDEE',
    'UXK2-9QRT-0MWH-4ZDE',
    '7XK2 9QRT 0MWH 4ZDE',
    '７XK2-9QRT-0MWH-4ZDE',
    // Letters that become I and S in upper case [F-29].
    '7XK2-9QRT-0MWH-4ZDı',
    '7XK2-9QRT-0MWH-4ZDſ',
    `${CODE}\n`,
    '-'.repeat(100) + CODE,
  ];
  it.each(none)('takes %j for no code', (typed) => {
    expect(normalizeBackupCode(typed)).toBeNull();
  });
});

describe('backupCodeHashes', () => {
  const ring = new KeyRing([newKey('k2'), newKey('k1')]);

  it('are one per key, the newest first, and the same for every spelling', () => {
    const hashes = backupCodeHashes(ring, ANI, CODE);
    expect(hashes).toHaveLength(2);
    expect(hashes.map(({ length }) => length)).toEqual([32, 32]);
    expect(hashes[0]).not.toEqual(hashes[1]);
    expect(backupCodeHashes(ring, ANI, CODE.toLowerCase().replaceAll('-', ''))).toEqual(hashes);
    expect(backupCodeHashes(new KeyRing([ring.keys[1]!]), ANI, CODE)).toEqual([hashes[1]]);
  });

  it('differ for another person, another code, another key', () => {
    const [hash] = backupCodeHashes(ring, ANI, CODE);
    expect(backupCodeHashes(ring, BUDI, CODE)[0]).not.toEqual(hash);
    expect(backupCodeHashes(ring, ANI, '7XK2-9QRT-0MWH-4ZDF')[0]).not.toEqual(hash);
    expect(backupCodeHashes(new KeyRing([newKey('k3')]), ANI, CODE)[0]).not.toEqual(hash);
  });
});
