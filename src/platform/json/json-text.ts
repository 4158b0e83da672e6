/** A member of the outermost object of a JSON text: its name, and where it stands in the text (UTF-16 units). */
export interface JsonMember {
  readonly name: string;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

/**
 * How deeply a text would be nested if it is JSON: 0 for a bare value, 1 for `{}`. Walks without a stack, since the text
 * comes from outside. Says nothing about the text being JSON.
 */
export function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) at = endOfString(text, at) - 1;
    else if (unit === OPEN_OBJECT || unit === OPEN_LIST) deepest = Math.max(deepest, (depth += 1));
    else if (unit === CLOSE_OBJECT || unit === CLOSE_LIST) depth -= 1;
  }
  return deepest;
}

/** Whether a text is JSON (RFC 8259). */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * The members of the outermost object in their order, repeated names included: what `JSON.parse` does not tell, and the
 * numbers as they are written. @returns null when the text is not JSON, or no object.
 */
export function membersOf(text: string): JsonMember[] | null {
  if (!/^[ \t\r\n]*\{/.test(text) || !isJson(text)) return null;
  const members: JsonMember[] = [];
  let depth = 0;
  let name: { text: string; start: number } | undefined;
  let valueStart = -1;
  const finish = (at: number): void => {
    if (name === undefined) return;
    const end = valueStart + text.slice(valueStart, at).trimEnd().length;
    members.push({ name: name.text, start: name.start, valueStart, end });
    name = undefined;
    valueStart = -1;
  };
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (name !== undefined && valueStart === -1 && unit !== COLON && !isBlank(unit)) valueStart = at;
    if (unit === QUOTE) {
      const end = endOfString(text, at);
      if (depth === 1 && name === undefined)
        name = { text: JSON.parse(text.slice(at, end)) as string, start: at };
      at = end - 1;
    } else if (unit === OPEN_OBJECT || unit === OPEN_LIST) depth += 1;
    else if (unit === COMMA && depth === 1) finish(at);
    else if (unit === CLOSE_OBJECT || unit === CLOSE_LIST) {
      if (depth === 1) finish(at);
      depth -= 1;
    }
  }
  return members;
}

/** A name that the outermost object has twice, so that readers would differ; undefined when there is none. */
export function repeatedName(text: string): string | undefined {
  const seen = new Set<string>();
  return membersOf(text)?.find(({ name }) => seen.size === seen.add(name).size)?.name;
}

/** The text without the members of these names in its outermost object; every other byte stays. */
export function withoutMembers(text: string, names: readonly string[]): string {
  const members = membersOf(text) ?? [];
  const isKept = ({ name }: JsonMember): boolean => !names.includes(name);
  if (members.every(isKept)) return text;
  const lastKept = members.findLastIndex(isKept);
  const pieces = members.map((member, index) => {
    if (!isKept(member)) return '';
    // With the comma and the blanks that follow it.
    return text.slice(member.start, index === lastKept ? member.end : members[index + 1]!.start);
  });
  return text.slice(0, members[0]!.start) + pieces.join('') + text.slice(members.at(-1)!.end);
}

/**
 * The text of a member that is text or a number; a number as it was written, so that one of 19 digits keeps them all.
 * @returns undefined when there is none; null when there are several of that name, so that readers would differ.
 */
export function fieldOf(text: string, name: string): string | null | undefined {
  const [member, ...more] = (membersOf(text) ?? []).filter((candidate) => candidate.name === name);
  if (member === undefined) return undefined;
  if (more.length > 0) return null;
  const value = text.slice(member.valueStart, member.end);
  if (value.startsWith('"')) return JSON.parse(value) as string;
  return /^[-\d]/.test(value) ? value : undefined;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;

function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x09 || unit === 0x0a || unit === 0x0d;
}

/** @param start where the opening quote stands. @returns the place after the closing one, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === BACKSLASH) at += 1;
    else if (unit === QUOTE) return at + 1;
  }
  return text.length;
}
