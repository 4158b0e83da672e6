/**
 * Whether text may name a person, a company or a thing: 1 to `max` code points, not only white space, none of them a
 * control character, half a surrogate pair, a line separator or a mark that turns the direction of writing.
 */
export function isName(text: string, max = 200): boolean {
  return (
    text.length <= max * 2 &&
    [...text].length <= max &&
    text.trim() !== '' &&
    !/[\p{Cc}\p{Cs}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u.test(text)
  );
}
