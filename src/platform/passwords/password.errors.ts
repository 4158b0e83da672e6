import { defineProblem } from '../errors/problem.js';

export const passwordRefused = defineProblem(
  'PASSWORD_REFUSED',
  400,
  'This password cannot be used',
  'The password does not fulfil every rule; "errors" says which and what would help.',
);
