import { passwordRefused } from '../platform/passwords/password.errors.js';
import { checkPassword } from '../platform/passwords/password-policy.js';

/**
 * Applies the password rules to a new password of an account.
 * @param field name of the field in the request, for the error.
 * @throws PASSWORD_REFUSED with every rule that is not fulfilled.
 */
export function assertAcceptablePassword(
  field: string,
  password: string,
  account: { email: string; organizationName: string },
): void {
  const faults = checkPassword(password, account);
  if (faults.length > 0) throw passwordRefused({ errors: faults.map((fault) => ({ field, ...fault })) });
}
