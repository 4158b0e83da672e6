import { defineProblem } from '../platform/errors/problem.js';

export const fileRefused = defineProblem(
  'FILE_REFUSED',
  422,
  'The file is refused',
  'The file is not a workbook that can be read; "reason" and "detail" say why.',
);
export const quotaExceeded = defineProblem(
  'QUOTA_EXCEEDED',
  409,
  'No room left',
  'The files of your organization fill the room they have. Delete some, or wait until old ones expire.',
);
