import { isCheckableHash } from '../../platform/passwords/hash-forms.js';
import { IsEmailAddress, IsMatching, IsName, IsOneOf, Optional } from '../../platform/validation/fields.js';
import type { RoleName } from '../../platform/access/principal.js';

/** One person of an imported file. */
export class ImportedPersonDto {
  @IsEmailAddress()
  email: string;

  @IsName()
  name: string;

  @Optional()
  @IsOneOf(['ADMIN', 'USER'])
  role: RoleName = 'USER';

  @Optional()
  @IsOneOf(['en', 'id'])
  locale: 'en' | 'id' = 'en';

  /** argon2 or bcrypt; without it the account waits for a temporary password. */
  @Optional()
  @IsMatching(
    'a hash of argon2 (PHC form, at most m=262144, t=10, p=8) or bcrypt (cost 4 to 14)',
    isCheckableHash,
  )
  passwordHash?: string;
}
