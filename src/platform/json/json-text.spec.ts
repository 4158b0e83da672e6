import fc from 'fast-check';
import { depthOf, fieldOf, isJson, membersOf, withoutMembers } from './json-text.js';

/** JSON as a program might write it: blanks anywhere, escapes, names twice. */
const blank = fc.constantFrom('', ' ', '\n', '\r\n\t ');
const string = fc
  .string({
    unit: fc.constantFrom('a', '"', '\\', '{', '}', '[', ']', ',', ':', '\u2028', '💣', '\ud800', '\0'),
  })
  .map((text) => JSON.stringify(text));
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('576461413038785792', '-0', '1e400', '1.10', 'true', 'null', '""'),
    string,
    fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
    fc
      .array(fc.tuple(blank, string, blank, blank, tie('value'), blank), { maxLength: 4 })
      .map(
        (members) => `{${members.map(([a, name, b, c, v, d]) => `${a}${name}${b}:${c}${v}${d}`).join(',')}}`,
      ),
  ),
}));

/** By another way: the depth of what `JSON.parse` makes, names that stand twice left out. */
function parsedDepth(parsed: unknown): number {
  if (typeof parsed !== 'object' || parsed === null) return 0;
  return 1 + Math.max(0, ...Object.values(parsed).map(parsedDepth));
}

/** By another way: a value without the members of a name, however deep. */
function without(parsed: unknown, name: string): unknown {
  if (Array.isArray(parsed)) return parsed.map((item) => without(item, name));
  if (typeof parsed !== 'object' || parsed === null) return parsed;
  const members = Object.entries(parsed).filter(([own]) => own !== name);
  return Object.fromEntries(members.map(([own, inner]) => [own, without(inner, name)]));
}

describe('the text of JSON [F-2] [F-3]', () => {
  it('has the members that JSON.parse finds, each where it stands', () => {
    fc.assert(
      fc.property(value, blank, (inner, around) => {
        const text = around + inner + around;
        const parsed: unknown = JSON.parse(text);
        expect(depthOf(text)).toBeGreaterThanOrEqual(parsedDepth(parsed));
        const members = membersOf(text);
        if (!inner.startsWith('{')) {
          expect(members).toBeNull();
          return;
        }
        const found = new Map(members!.map((member) => [member.name, member]));
        expect(new Set(found.keys())).toEqual(new Set(Object.keys(parsed as object)));
        for (const { name, start, valueStart, end } of found.values()) {
          const expected = JSON.stringify((parsed as Record<string, unknown>)[name]);
          expect(JSON.stringify(JSON.parse(text.slice(valueStart, end)))).toBe(expected);
          expect(JSON.parse(`{${text.slice(start, end)}}`)).toHaveProperty([name]);
          const rest = JSON.parse(withoutMembers(text, [name])) as object;
          expect(rest).toEqual(without(parsed, name));
        }
        expect(withoutMembers(text, ['nobody'])).toBe(text);
        expect(JSON.parse(withoutMembers(text, [...found.keys()]))).toEqual({});
      }),
      { seed: 2, numRuns: 1500 },
    );
  });

  it('may be anything else without harm', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\ a1', '\0', '\ufeff') }), (text) => {
        expect(() => depthOf(text)).not.toThrow();
        expect(membersOf(text) === null || isJson(text)).toBe(true);
        expect(isJson(text) || withoutMembers(text, ['a', '']) === text).toBe(true);
      }),
      { seed: 3, numRuns: 2000 },
    );
    expect(depthOf('['.repeat(1_000_000))).toBe(1_000_000);
    expect(membersOf(`{"a":${'['.repeat(400_000)}${']'.repeat(400_000)}}`)).toHaveLength(1);
    const wide = `{${Array.from({ length: 100_000 }, (_, at) => `"${at}":1`).join(',')}}`;
    expect(JSON.parse(withoutMembers(wide, ['7']))).not.toHaveProperty('7');
  });

  it('keeps the digits of a number, and says when a name stands twice', () => {
    expect(fieldOf('{"id":576461413038785792}', 'id')).toBe('576461413038785792');
    expect(fieldOf('{"i\\u0064" : "x" }', 'id')).toBe('x');
    expect(fieldOf('{"id":1,"i\\u0064":2}', 'id')).toBeNull();
    for (const text of ['{"id":true}', '{"id":{}}', '{"a":{"id":1}}', '["id"]', '{"id":1', ''])
      expect(fieldOf(text, 'id')).toBeUndefined();
  });
});
