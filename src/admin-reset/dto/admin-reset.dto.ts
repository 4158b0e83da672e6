import { IsText, Optional } from '../../platform/validation/fields.js';

/** `DELETE /admin/password-resets/:userId` */
export class DismissResetDto {
  /** For the trail: why no password was issued. */
  @Optional()
  @IsText(500)
  reason?: string;
}
