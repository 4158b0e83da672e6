import { IsQueryInteger, IsText, Optional } from './fields.js';

/** `?limit=1..100&cursor=…`, for every list. */
export class PageQuery {
  @Optional()
  @IsQueryInteger(1, 100)
  limit: number = 20;

  @Optional()
  @IsText(256)
  cursor?: string;
}
