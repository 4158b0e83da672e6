import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { KeyRing, parseKeyRing } from './key-ring.js';

const key = () => randomBytes(32).toString('base64');

describe('key rings', () => {
  it('make with the first key and find every key by its id [L-S1.4]', () => {
    const { keys, faults } = parseKeyRing(` k2:${key()} , k1:${key()}`);
    expect(faults).toEqual([]);
    const ring = new KeyRing(keys);
    expect(ring.current.id).toBe('k2');
    expect(ring.find('k1')).toBe(keys[1]);
    expect(ring.find('k3')).toBeNull();
  });

  it('take base64 and base64url', () => {
    const bytes = randomBytes(32);
    for (const encoding of ['base64', 'base64url'] as const)
      expect(parseKeyRing(`k1:${bytes.toString(encoding)}`).keys[0]?.bytes).toEqual(bytes);
  });

  it('name every fault at once and never repeat the value [L-7] [V13.3.1]', () => {
    const [twice, short, weak] = [
      key(),
      randomBytes(16).toString('base64'),
      Buffer.alloc(32, 7).toString('base64'),
    ];
    const { faults } = parseKeyRing(`k1:${twice},k1:${key()},k2:${twice},k3:${short},k4:${weak},nonsense,`);
    expect(faults).toEqual([
      'key id "k1" appears twice',
      'key "k2" has the value of another key',
      'key "k3" has 16 bytes instead of 32',
      'key "k4" is not random',
      'entry 6 is not of the form <id>:<base64>',
      'entry 7 is not of the form <id>:<base64>',
    ]);
    for (const value of [twice, short, weak, 'nonsense']) expect(faults.join()).not.toContain(value);
  });

  it('take one spelling of a key, and refuse whatever else is thrown at them [F-29]', () => {
    const bytes = Buffer.from('fb'.repeat(8) + '00112233445566778899aabbccddeeff0102030405060708', 'hex');
    const standard = bytes.toString('base64');
    for (const text of [
      standard.replace('+', '-'),
      standard.replace(/.=$/, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}=`),
      `${standard}=`,
      standard.slice(0, -1).replace(/.$/, 'x'),
    ])
      expect(parseKeyRing(`k1:${text}`).faults).toHaveLength(1);
    const piece = fc.oneof(
      fc.constantFrom(
        'k1',
        ':',
        ',',
        '=',
        standard,
        standard.slice(1),
        '\0',
        '\u2028',
        ' ',
        '💣',
        '-_',
        '__proto__',
      ),
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.base64String({ minLength: 40, maxLength: 48 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = pieces.join('');
        const { keys, faults } = parseKeyRing(text);
        for (const fault of faults) expect(fault.length).toBeLessThan(80);
        if (faults.length > 0) return;
        // What is taken says the same when it is written again.
        const again = keys.map((key) => `${key.id}:${key.bytes.toString('base64url')}`).join(',');
        expect(again).toBe(
          text.replaceAll(/\s/g, '').replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''),
        );
      }),
      { seed: 29, numRuns: 3000 },
    );
  });

  it('refuse ids that ciphertexts could not carry', () => {
    for (const id of ['', 'K1', 'a b', 'x'.repeat(17), 'k.1'])
      expect(parseKeyRing(`${id}:${key()}`).faults).toHaveLength(1);
  });

  it('cannot be empty', () => {
    expect(() => new KeyRing([])).toThrow('at least one key');
    expect(parseKeyRing('').faults).toHaveLength(1);
  });
});
