import { defineProblem } from '../platform/errors/problem.js';

/** One answer for a wrong code, a used one, and a factor that is locked: which it is stays between us and the log. */
export const twoFactorCodeRefused = defineProblem(
  'TWO_FACTOR_CODE_REFUSED',
  401,
  'The code was not accepted',
  'The code is wrong, too old, or was used already. After too many wrong codes none is accepted for half an hour.',
);
export const twoFactorNotEnabled = defineProblem(
  'TWO_FACTOR_NOT_ENABLED',
  409,
  'No second factor',
  'This account has no second factor to change: begin with POST /two-factor/setup.',
);
