import type { TotpFactor } from '../platform/database/generated/client.js';
import { unreadableFieldsOf } from '../platform/database/unreadable-fields.js';

/** The secret of a factor that is in force. */
export interface FactorSecret {
  /** Base32; null while it cannot be decrypted: then no code is right, and a backup code still is. */
  readonly secret: string | null;
}

/** @param factor read with `readingWhatCanBe`. @returns null where no factor is in force. */
export function factorSecretOf(factor: TotpFactor | null): FactorSecret | null {
  if (factor === null) return null;
  const isSet = factor.secret !== null || unreadableFieldsOf(factor).includes('secret');
  return isSet ? { secret: factor.secret } : null;
}
