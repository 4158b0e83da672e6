import { defineProblem } from '../platform/errors/problem.js';

export const balanceTooLow = defineProblem(
  'BALANCE_TOO_LOW',
  402,
  'Not enough tokens',
  'The balance does not cover this amount; nothing was taken.',
);
