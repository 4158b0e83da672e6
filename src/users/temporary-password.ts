import type { User } from '../platform/database/generated/client.js';

/** Sign-ins that one temporary password opens: a closed tab or a mistyped code costs one of them, not another call. */
export const TEMPORARY_PASSWORD_USES = 5;

type TemporaryFields = Pick<User, 'temporaryPasswordExpiresAt' | 'temporaryPasswordUses'>;

/** Whether the account's password is a temporary one that opens nothing any more. */
export function isSpentTemporaryPassword(user: TemporaryFields, now: Date): boolean {
  const { temporaryPasswordExpiresAt: expiresAt, temporaryPasswordUses: uses } = user;
  return expiresAt !== null && (uses >= TEMPORARY_PASSWORD_USES || expiresAt <= now);
}

/** Whether a temporary password lies ready that nobody has signed in with. */
export function isUnusedTemporaryPassword(user: TemporaryFields, now: Date): boolean {
  const { temporaryPasswordExpiresAt: expiresAt, temporaryPasswordUses: uses } = user;
  return expiresAt !== null && uses === 0 && expiresAt > now;
}
