import { parseJsonBody } from './json-body.js';

const parse = (text: string) => parseJsonBody(Buffer.from(text));
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

describe('JSON bodies', () => {
  it('are parsed as they are', () => {
    expect(parse('{"a":[1,"ä🦜",null,{"b":true}]}')).toEqual({ a: [1, 'ä🦜', null, { b: true }] });
    expect(parse(' 1 ')).toBe(1);
    expect(parse('')).toBeUndefined();
  });

  it.each([
    ['cut', '{"a":'],
    ['with a trailing comma', '{"a":1,}'],
    ['with single quotes', `{'a':1}`],
    ['with a comment', '{}//'],
    ['with two values', '{}{}'],
    ['with NaN', 'NaN'],
    ['with a byte order mark', '\ufeff{}'],
    ['that is white space only', '  '],
  ])('%s are refused', (_what, text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'MALFORMED_BODY' }) as Error);
  });

  it('that are not UTF-8 are refused, not repaired', () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0x22, 0xc0, 0x80, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
    ])
      expect(() => parseJsonBody(Buffer.from(bytes))).toThrow('MALFORMED_BODY');
  });

  it('with keys that could reach a prototype are refused at any depth [V15.3.6]', () => {
    for (const key of ['__proto__', 'constructor', 'prototype', String.raw`__pr\u006fto__`]) {
      expect(() => parse(`{"${key}":{}}`)).toThrow('MALFORMED_BODY');
      expect(() => parse(`[{"a":{"${key}":1}}]`)).toThrow('MALFORMED_BODY');
    }
    expect(parse('{"a":"__proto__"}')).toEqual({ a: '__proto__' });
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  it('are nested 32 levels deep at most', () => {
    expect(() => parse(nested(32))).not.toThrow();
    expect(() => parse(nested(33))).toThrow('MALFORMED_BODY');
    expect(() => parse(nested(50_000))).toThrow('MALFORMED_BODY');
  });
});
