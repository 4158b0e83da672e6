import { IsOneOf, Optional } from '../../platform/validation/fields.js';

/** `DELETE /sessions?keep=current|none` */
export class EndSessionsQuery {
  /** Whether the session of the request itself goes on. */
  @Optional()
  @IsOneOf(['current', 'none'])
  keep: 'current' | 'none' = 'current';
}
