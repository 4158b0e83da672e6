/** What a spreadsheet takes for the beginning of a formula, also behind white space (OWASP CSV injection; ASVS V1.2.10). */
const FORMULA = /^[\s\u00a0\ufeff]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/** One line of CSV (RFC 4180): every cell quoted, formulas made plain text by a leading apostrophe. */
export function csvLine(cells: readonly (string | number | boolean | Date | null)[]): string {
  return `${cells.map((cell) => quoted(textOf(cell))).join(',')}\r\n`;
}

function textOf(cell: string | number | boolean | Date | null): string {
  if (cell === null) return '';
  return cell instanceof Date ? cell.toISOString() : String(cell);
}

function quoted(text: string): string {
  const plain = FORMULA.test(text) ? `'${text}` : text;
  return `"${plain.replaceAll('"', '""')}"`;
}
