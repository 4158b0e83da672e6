import { IsFlag, IsText, Optional } from '../../platform/validation/fields.js';

/** `DELETE /admin/password-resets/:userId` */
export class DismissResetDto {
  /** For the trail: why no password was issued. */
  @Optional()
  @IsText(500)
  reason?: string;
}

/** `POST /admin/password-resets/:userId/temporary-password` */
export class IssueTemporaryPasswordDto {
  /** Whether it may take the place of one that nobody has used. */
  @Optional()
  @IsFlag()
  replace: boolean = false;
}
