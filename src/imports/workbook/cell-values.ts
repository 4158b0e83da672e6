/** Column of a reference such as `BC12` to a cell of row 12: 0, 1, 2 …; −1 when it is none, or to another row. */
export function columnOf(reference: string, row: string): number {
  let column = 0;
  let index = 0;
  for (; index < reference.length && index < 4; index += 1) {
    const code = reference.charCodeAt(index);
    if (code < 65 || code > 90) break;
    column = column * 26 + (code - 64);
  }
  const isInRow = reference.length === index + row.length && reference.endsWith(row);
  return isInRow && column > 0 && column <= 16_384 ? column - 1 : -1;
}

/** `BC` for 54. */
export function columnName(column: number): string {
  let rest = column + 1;
  let name = '';
  while (rest > 0) {
    name = String.fromCharCode(65 + ((rest - 1) % 26)) + name;
    rest = Math.floor((rest - 1) / 26);
  }
  return name;
}

/** `_x000D_` as Excel writes control characters in text (ECMA-376 §22.9.2.19); only white space is turned back. */
export function unescapeText(text: string): string {
  if (!text.includes('_x')) return text;
  return text.replaceAll(/_x(0009|000A|000D|005F)_/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}
