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

/**
 * The text without the members of these names, however deep they stand, in lists too; every other byte stays. One pass
 * without recursion, since the text comes from outside; what is no JSON object stays as it is.
 */
export function withoutMembers(text: string, names: readonly string[]): string {
  if (!/^[ \t\r\n]*\{/.test(text) || !isJson(text)) return text;
  const cuts: { start: number; end: number }[] = [];
  const open: OpenLevel[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    const level = open.at(-1);
    if (unit === QUOTE) {
      const end = endOfString(text, at);
      if (level?.awaitsName === true) {
        const isCut = names.includes(JSON.parse(text.slice(at, end)) as string);
        Object.assign(level, { awaitsName: false, start: at, isCut });
      }
      at = end - 1;
    } else if (unit === OPEN_OBJECT || unit === OPEN_LIST) {
      open.push({ awaitsName: unit === OPEN_OBJECT, start: -1, isCut: false, keptEnd: -1 });
    } else if (unit === COMMA && level !== undefined && level.start !== -1) {
      // With the comma and the blanks that follow it.
      if (level.isCut) cuts.push({ start: level.start, end: skipBlanks(text, at + 1) });
      else level.keptEnd = trimmedEnd(text, at);
      Object.assign(level, { awaitsName: true, start: -1 });
    } else if (unit === CLOSE_OBJECT || unit === CLOSE_LIST) {
      // The last one has no comma behind it: the one before it goes.
      if (level?.isCut === true && level.start !== -1) {
        const end = trimmedEnd(text, at);
        cuts.push({ start: level.keptEnd === -1 ? level.start : level.keptEnd, end });
      }
      open.pop();
    }
  }
  return cut(text, cuts);
}

/** An object or list that is open, and its member that is being read. */
interface OpenLevel {
  /** Of an object: the next text is a name. */
  awaitsName: boolean;
  /** Where the name of the member stands, or -1. */
  start: number;
  isCut: boolean;
  /** Where the last member that stays ends, or -1. */
  keptEnd: number;
}

/** The text without these ranges, which come by their ends; one may lie within a later one. */
function cut(text: string, ranges: readonly { start: number; end: number }[]): string {
  const pieces: string[] = [];
  let from = text.length;
  for (const { start, end } of ranges.toReversed()) {
    if (end <= from) pieces.push(text.slice(end, from));
    from = Math.min(from, start);
  }
  return text.slice(0, from) + pieces.toReversed().join('');
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

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (isBlank(text.charCodeAt(at))) at += 1;
  return at;
}

/** Where what stands before `before` ends, blanks left out. */
function trimmedEnd(text: string, before: number): number {
  let at = before;
  while (isBlank(text.charCodeAt(at - 1))) at -= 1;
  return at;
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
