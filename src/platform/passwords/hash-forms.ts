/** The form argon2 writes: variant, version, parameters, salt, hash. */
const ARGON2_PHC =
  /^\$argon2(?:id|i|d)\$v=(?:16|19)\$m=([1-9]\d{0,9}),t=([1-9]\d{0,9}),p=([1-9]\d{0,7})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,172})$/;
/** Modular crypt format of bcrypt: variant, cost, 22 symbols of salt, 31 of hash. */
const BCRYPT = /^\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/;

/** What one check of a stored hash may cost at most: a row of the database must not be a way to stop the service. */
const MAX_MEMORY_KIB = 262_144;
const MAX_PASSES = 10;
const MAX_LANES = 8;
const MAX_BCRYPT_COST = 14;

/** What a stored hash is: which library checks it, or why none may. */
export type HashForm = 'argon2' | 'bcrypt' | 'unreadable' | 'too_costly';

/** Reads a hash before anything is computed from it. */
export function hashFormOf(hash: string): HashForm {
  const [, memory, passes, lanes, salt, tag] = ARGON2_PHC.exec(hash) ?? [];
  if (memory !== undefined) {
    if (![salt!, tag!].every(isBase64)) return 'unreadable';
    // RFC 9106 §3.1: eight blocks for each lane at least.
    if (Number(memory) < 8 * Number(lanes)) return 'unreadable';
    const isAffordable =
      Number(memory) <= MAX_MEMORY_KIB && Number(passes) <= MAX_PASSES && Number(lanes) <= MAX_LANES;
    return isAffordable ? 'argon2' : 'too_costly';
  }
  const cost = BCRYPT.exec(hash)?.[1];
  if (cost === undefined) return 'unreadable';
  return Number(cost) <= MAX_BCRYPT_COST ? 'bcrypt' : 'too_costly';
}

/** Whether a hash of another system may be brought along: of a known form, and affordable to check. */
export function isCheckableHash(hash: string): boolean {
  const form = hashFormOf(hash);
  return form === 'argon2' || form === 'bcrypt';
}

/** Without padding, as PHC strings write it: no length that bytes cannot have. */
function isBase64(text: string): boolean {
  return text.length % 4 !== 1;
}
