import { FactorProof, IsTotpCode } from '../factor-proof.js';

/** `POST /two-factor/backup-codes` */
export class TotpCodeDto {
  @IsTotpCode()
  code: string;
}

/** `POST /two-factor/disable` */
export class DisableTwoFactorDto extends FactorProof {}
