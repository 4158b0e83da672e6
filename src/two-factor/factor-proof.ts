import { IsMatching, Optional } from '../platform/validation/fields.js';
import { normalizeBackupCode } from './backup-code.js';

/** Six ASCII digits, as the authenticator shows them. */
export const IsTotpCode = (): PropertyDecorator =>
  IsMatching('six digits', (text) => /^[0-9]{6}$/.test(text));

/** A backup code, in either case, with or without its dashes. */
const IsBackupCode = (): PropertyDecorator =>
  IsMatching('a backup code such as 7XK2-9QRT-0MWH-4ZDE', (text) => normalizeBackupCode(text) !== null);

/** What proves a second factor: exactly one of the two. Requests that carry a proof extend it. */
export class FactorProof {
  @Optional()
  @IsTotpCode()
  code?: string;

  @Optional()
  @IsBackupCode()
  backupCode?: string;
}
