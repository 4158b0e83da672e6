import type { Config } from '../config/config.js';

/** Whether `REQUIRE_TWO_FACTOR` covers an account of this role. */
export function isTwoFactorRequired({ requireTwoFactor }: Config, role: string): boolean {
  return requireTwoFactor === 'all' || (requireTwoFactor === 'admins' && role === 'ADMIN');
}
