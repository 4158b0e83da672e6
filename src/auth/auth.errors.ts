import { defineProblem } from '../platform/errors/problem.js';

export const invalidCredentials = defineProblem(
  'INVALID_CREDENTIALS',
  401,
  'Sign-in refused',
  'The email address or the password is not right.',
);
export const challengeRefused = defineProblem(
  'CHALLENGE_REFUSED',
  401,
  'The step cannot be completed',
  'The challenge token is wrong, was used already, or has expired. Begin again with POST /auth/login.',
);
export const captchaRequired = defineProblem(
  'CAPTCHA_REQUIRED',
  403,
  'Proof of work needed',
  'A proof of work is due, after several failures or while many sign in: solve the challenge of GET /auth/captcha and send it as "altcha".',
);
export const registrationClosed = defineProblem(
  'REGISTRATION_CLOSED',
  403,
  'Registration is closed',
  'New organizations cannot register here; ask the operator.',
);
