/** The form argon2 writes: variant, version, parameters, salt, hash. */
const ARGON2_PHC =
  /^\$argon2(?:id|i|d)\$v=\d+\$m=(\d+),t=(\d+),p=(\d+)\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{16,}$/;
/** Modular crypt format of bcrypt: variant, cost, 22 symbols of salt, 31 of hash. */
const BCRYPT = /^\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/;

/** What one check of a brought-along hash may cost at most, so that nobody brings along a way to stop the service. */
const MAX_MEMORY_KIB = 131_072;
const MAX_PASSES = 10;
const MAX_LANES = 8;
const MAX_BCRYPT_COST = 14;

/** Which library can check a stored hash; null: none of ours. */
export function hashFormOf(hash: string): 'argon2' | 'bcrypt' | null {
  if (ARGON2_PHC.test(hash)) return 'argon2';
  return BCRYPT.test(hash) ? 'bcrypt' : null;
}

/** Whether a hash of another system may be brought along: of a known form, and affordable to check. */
export function isAffordableHash(hash: string): boolean {
  const [, memory, passes, lanes] = ARGON2_PHC.exec(hash) ?? [];
  if (memory !== undefined) {
    return (
      hash.length <= 512 &&
      Number(memory) <= MAX_MEMORY_KIB &&
      Number(passes) <= MAX_PASSES &&
      Number(lanes) <= MAX_LANES
    );
  }
  const cost = BCRYPT.exec(hash)?.[1];
  return cost !== undefined && Number(cost) <= MAX_BCRYPT_COST;
}
