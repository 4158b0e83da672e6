import { malformedBody } from '../errors/platform.errors.js';

const POLLUTING_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
const MAX_DEPTH = 32;
/** Validation walks every value at some cost: 100 KiB of `[1,1,1…` would hold the event loop for a fifth of a second. */
const MAX_VALUES = 2000;

/**
 * Parses a JSON body (RFC 8259): strict UTF-8, no byte order mark, nesting of at most 32, at most 2000 values, no key
 * that could reach a prototype (ASVS V15.3.6). An empty body is no body.
 * @throws MALFORMED_BODY
 */
export function parseJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw malformedBody();
  }
  assertHarmless(value);
  return value;
}

/** Walks with a list of its own, since the depth comes from outside. */
function assertHarmless(root: unknown): void {
  const open: { value: unknown; depth: number }[] = [{ value: root, depth: 0 }];
  let values = 1;
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, depth } = next;
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= MAX_DEPTH)
      throw malformedBody({ detail: `The body is nested more than ${MAX_DEPTH} levels deep.` });
    const children = Object.entries(value);
    values += children.length;
    if (values > MAX_VALUES)
      throw malformedBody({ detail: `The body holds more than ${MAX_VALUES} values.` });
    for (const [key, child] of children) {
      if (POLLUTING_KEYS.has(key)) throw malformedBody({ detail: 'The body uses a reserved key.' });
      open.push({ value: child, depth: depth + 1 });
    }
  }
}
