import { applyDecorators } from '@nestjs/common';
import { IsQueryInteger, IsText, Optional } from './fields.js';

/** `?limit=1..100` */
export const IsPageLimit = (): PropertyDecorator => applyDecorators(Optional(), IsQueryInteger(1, 100));

/** `?cursor=…` */
export const IsCursor = (): PropertyDecorator => applyDecorators(Optional(), IsText(256));

/** `?limit=1..100&cursor=…`, for every list. */
export class PageQuery {
  @IsPageLimit()
  limit: number = 20;

  @IsCursor()
  cursor?: string;
}
