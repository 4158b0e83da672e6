/** How a number format shows a number, as far as it matters: everything but dates and times stays the number it is. */
export type FormatKind = 'number' | 'date' | 'time' | 'duration';

const SECONDS_OF_DAY = 86_400;
/** Day 0 of the two calendars. */
const EPOCH_1900 = Date.UTC(1899, 11, 31);
const EPOCH_1904 = Date.UTC(1904, 0, 1);
/** In the calendar of 1900, day 60 is a 29 February that never was; days behind it are one too many. */
const LEAP_DAY_1900 = 60;
/** 9999-12-31 */
const MAX_SERIAL = 2_958_465;
/** Texts of days that were asked for, each day once. */
const MAX_KNOWN_DAYS = 4096;

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
/** Formats by number, without a code in the file (ECMA-376 part 1, §18.8.30; those of East Asia and Thailand too). */
const BUILT_IN = new Map<number, FormatKind>([
  ...[
    ...range(14, 17),
    22,
    ...range(27, 31),
    ...range(34, 36),
    ...range(50, 58),
    ...range(71, 74),
    77,
    81,
  ].map((id) => [id, 'date'] as const),
  ...[...range(18, 21), 32, 33, 45, 47, 75, 76, 78, 80].map((id) => [id, 'time'] as const),
  [46, 'duration'],
  [79, 'duration'],
]);

/** What a number format shows. `code` is given for the workbook's own formats. */
export function formatKind(id: number, code: string | undefined): FormatKind {
  if (code === undefined) return BUILT_IN.get(id) ?? 'number';
  const first = code
    // Literals; colours, conditions, currencies and languages; padding.
    .replaceAll(/"[^"]*"|\\.|_.|\*./g, '')
    .split(';', 1)[0]!
    .replaceAll(/\[(?!(h+|m+|s+)\])[^\]]*\]/gi, '')
    .replaceAll(/general|0?e[+-]0*/gi, '')
    .toLowerCase();
  const isTime = /[hs]|a\/p|am\/pm/.test(first);
  const bare = first.replaceAll(/am\/pm|a\/p/g, '');
  // `m` is minutes behind hours and before seconds, else months.
  const withoutMinutes = bare
    .replaceAll(/(\[?h+\]?[^a-z[]*)m+/g, '$1')
    .replaceAll(/m+([^a-z\]]*\[?s)/g, '$1')
    .replaceAll(/\[m+\]/g, '');
  if (/[dmy]/.test(withoutMinutes)) return 'date';
  if (/\[(h+|m+|s+)\]/.test(first)) return 'duration';
  return isTime ? 'time' : 'number';
}

/**
 * A serial number as text: `2026-01-31` or `2026-01-31T08:00:00` for dates, `08:00:00` for times of day, `25:30:00` for
 * durations. Days before March 1900 are as Excel shows them: 0 is `1900-01-00`, 1 is `1900-01-01`, 60 is `1900-02-29`.
 * @returns null when it shows as a number: negative, too large, no number.
 */
export function serialToText(text: string, kind: FormatKind, is1904: boolean): string | null {
  const serial = Number(text);
  if (text === '' || !Number.isFinite(serial) || serial < 0 || serial > MAX_SERIAL) return null;
  const seconds = Math.round(serial * SECONDS_OF_DAY);
  if (kind === 'duration') return clock(seconds);
  // Less than a day is a time whatever the format says; 0 is midnight in a column of times, and day 0 in one of dates.
  if (serial < 1 && (serial > 0 || kind === 'time')) return clock(seconds % SECONDS_OF_DAY);
  const date = dayToText(Math.floor(seconds / SECONDS_OF_DAY), is1904);
  const time = seconds % SECONDS_OF_DAY;
  return time === 0 ? date : `${date}T${clock(time)}`;
}

const knownDays = new Map<number, string>();

function dayToText(day: number, is1904: boolean): string {
  const key = is1904 ? -day - 1 : day;
  const known = knownDays.get(key);
  if (known !== undefined) return known;
  if (knownDays.size >= MAX_KNOWN_DAYS) knownDays.clear();
  const made = makeDay(day, is1904);
  knownDays.set(key, made);
  return made;
}

function makeDay(day: number, is1904: boolean): string {
  const iso = (epoch: number, days: number): string =>
    new Date(epoch + days * SECONDS_OF_DAY * 1000).toISOString().slice(0, 10);
  if (is1904) return iso(EPOCH_1904, day);
  if (day === 0) return '1900-01-00';
  if (day === LEAP_DAY_1900) return '1900-02-29';
  return iso(EPOCH_1900, day < LEAP_DAY_1900 ? day : day - 1);
}

/** Hours may pass 24. */
function clock(seconds: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
