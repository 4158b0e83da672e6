import {
  IsEmailAddress,
  IsFlag,
  IsMatching,
  IsName,
  IsOpaqueToken,
  IsPasswordText,
  Optional,
} from '../../platform/validation/fields.js';
import { parseCaptchaPayload } from '../captcha-payload.js';
import { FactorProof, IsTotpCode } from '../../two-factor/factor-proof.js';

/** `POST /auth/register` */
export class RegisterDto {
  @IsEmailAddress()
  email: string;

  @IsPasswordText()
  password: string;

  @IsName()
  name: string;

  @IsName()
  organizationName: string;
}

/** `POST /auth/login` */
export class LoginDto {
  @IsEmailAddress()
  email: string;

  @IsPasswordText()
  password: string;

  /** Solution of `GET /auth/captcha`, as the ALTCHA widget sends it; read only when it is due. */
  @Optional()
  @IsMatching('what the ALTCHA widget sends', (text) => parseCaptchaPayload(text) !== null)
  altcha?: string;
}

/** `POST /auth/password-change` */
export class ForcedPasswordChangeDto {
  @IsOpaqueToken()
  challengeToken: string;

  @IsPasswordText()
  newPassword: string;
}

/** `POST /auth/forgot-password` */
export class ForgotPasswordDto {
  @IsEmailAddress()
  email: string;
}

/** `POST /auth/change-password` */
export class ChangePasswordDto {
  @IsPasswordText()
  currentPassword: string;

  @IsPasswordText()
  newPassword: string;
}

/** `POST /two-factor/enable` */
export class EnableTwoFactorDto {
  @IsTotpCode()
  code: string;
}

/** `POST /two-factor/setup`: empty, or a proof by the factor that is to be replaced. */
export class SetupTwoFactorDto extends FactorProof {}

/** `POST /auth/step-up`: exactly one of `password`, `code` and `backupCode`. */
export class StepUpDto extends FactorProof {
  @Optional()
  @IsPasswordText()
  password?: string;
}

/** `POST /auth/two-factor`: exactly one of `code` and `backupCode`. */
export class SecondFactorDto extends FactorProof {
  @IsOpaqueToken()
  challengeToken: string;

  /** Whether this browser skips the second factor for 30 days. */
  @Optional()
  @IsFlag()
  rememberDevice: boolean = false;
}
