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
export const registrationClosed = defineProblem(
  'REGISTRATION_CLOSED',
  403,
  'Registration is closed',
  'New organizations cannot register here; ask the operator.',
);
