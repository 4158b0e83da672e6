import { IsName, Optional } from '../../platform/validation/fields.js';
import { PageQuery } from '../../platform/validation/page-query.js';

/** `GET /integrations/:id/imports/:importId/rows` */
export class ImportRowsQuery extends PageQuery {
  /** Name of one sheet. */
  @Optional()
  @IsName(100)
  sheet?: string;
}
