import { defineProblem } from '../platform/errors/problem.js';

export const lastAdmin = defineProblem(
  'LAST_ADMIN',
  409,
  'The last administrator',
  'An organization needs an active administrator: make somebody else one first.',
);
