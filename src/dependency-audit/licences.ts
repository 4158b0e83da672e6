/** Licences that ask for nothing but naming the authors; nothing copyleft. */
const ACCEPTED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'CC-BY-4.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
  'Zlib',
]);

/** Whether an SPDX expression can be met with accepted licences: one side of an OR, every side of an AND. */
export function isAcceptedLicence(expression: string): boolean {
  const tokens = expression.match(/\(|\)|[^\s()]+/g) ?? [];
  let position = 0;
  const next = (): string | undefined => tokens[position]?.toUpperCase();
  const term = (): boolean => {
    const token = tokens[position];
    position += 1;
    if (token === '(') {
      const inner = either();
      position += 1;
      return inner;
    }
    return token !== undefined && ACCEPTED.has(token);
  };
  const both = (): boolean => {
    let isMet = term();
    while (next() === 'AND') {
      position += 1;
      isMet = term() && isMet;
    }
    return isMet;
  };
  const either = (): boolean => {
    let isMet = both();
    while (next() === 'OR') {
      position += 1;
      isMet = both() || isMet;
    }
    return isMet;
  };
  const isMet = either();
  return isMet && position === tokens.length;
}
