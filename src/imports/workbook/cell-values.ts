/** Excel's own date formats by number (ECMA-376 part 1, §18.8.30). */
const DATE_FORMATS = new Set([14, 15, 16, 17, 18, 19, 20, 21, 22, 27, 30, 36, 45, 46, 47, 50, 57]);
const DAY_MS = 86_400_000;
/** Day 0 of the two calendars. 1899-12-30 makes up for the 29 February 1900 that Excel believes in. */
const EPOCH_1900 = Date.UTC(1899, 11, 30);
const EPOCH_1904 = Date.UTC(1904, 0, 1);
/** 9999-12-31 */
const MAX_SERIAL = 2_958_465;

/** Whether a number format shows a date or a time. `code` is given for the workbook's own formats. */
export function isDateFormat(id: number, code: string | undefined): boolean {
  if (code === undefined) return DATE_FORMATS.has(id);
  const bare = code
    .replaceAll(/"[^"]*"|\\.|_.|\*./g, '')
    .replaceAll(/\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, '')
    .split(';', 1)[0]!;
  return /[dmyhs]/i.test(bare) && !/^general$/i.test(bare.trim());
}

/** A serial number as `2026-01-31` or `2026-01-31T08:00:00`; null when it is no date. */
export function serialToText(text: string, is1904: boolean): string | null {
  const serial = Number(text);
  if (text === '' || !Number.isFinite(serial) || serial < 0 || serial > MAX_SERIAL) return null;
  const epoch = is1904 ? EPOCH_1904 : EPOCH_1900;
  const iso = new Date(epoch + Math.round(serial * DAY_MS * 1e-3) * 1000).toISOString();
  const [date, time] = [iso.slice(0, 10), iso.slice(11, 19)];
  if (serial < 1 && serial > 0) return time;
  return time === '00:00:00' ? date : `${date}T${time}`;
}

/** Column of a reference such as `BC12`: 0, 1, 2 …; −1 when it is none. */
export function columnOf(reference: string): number {
  let column = 0;
  let index = 0;
  for (; index < reference.length && index < 4; index += 1) {
    const code = reference.charCodeAt(index);
    if (code < 65 || code > 90) break;
    column = column * 26 + (code - 64);
  }
  return column > 0 && column <= 16_384 ? column - 1 : -1;
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
