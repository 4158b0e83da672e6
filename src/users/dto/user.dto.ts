import {
  IsEmailAddress,
  IsName,
  IsOneOf,
  IsPasswordText,
  IsQueryBoolean,
  IsText,
  Optional,
} from '../../platform/validation/fields.js';
import { PageQuery } from '../../platform/validation/page-query.js';
import type { RoleName } from '../../platform/access/principal.js';

const ROLES = ['ADMIN', 'USER'] as const;
const STATUSES = ['ACTIVE', 'SUSPENDED'] as const;

/** `POST /users` */
export class CreateUserDto {
  @IsEmailAddress()
  email: string;

  @IsName()
  name: string;

  @Optional()
  @IsOneOf(ROLES)
  role: RoleName = 'USER';
}

/** `PATCH /users/me` */
export class UpdateMeDto {
  @Optional()
  @IsName()
  name?: string;

  @Optional()
  @IsOneOf(['en', 'id'])
  locale?: 'en' | 'id';
}

/** `PATCH /users/:id` */
export class UpdateUserDto {
  @Optional()
  @IsName()
  name?: string;

  @Optional()
  @IsOneOf(ROLES)
  role?: RoleName;

  @Optional()
  @IsOneOf(STATUSES)
  status?: (typeof STATUSES)[number];

  @Optional()
  @IsPasswordText()
  password?: string;
}

/** `GET /users` */
export class ListUsersQuery extends PageQuery {
  /** How a word of the name or address begins, and what follows it, literally and in any case. */
  @Optional()
  @IsText(200)
  search?: string;

  @Optional()
  @IsOneOf(ROLES)
  role?: RoleName;

  @Optional()
  @IsOneOf(STATUSES)
  status?: (typeof STATUSES)[number];

  @Optional()
  @IsQueryBoolean()
  passwordResetRequested?: boolean;

  @Optional()
  @IsQueryBoolean()
  mustChangePassword?: boolean;
}
