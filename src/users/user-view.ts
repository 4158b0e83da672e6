import { roleOf, type RoleName } from '../platform/access/principal.js';
import type { Organization, User } from '../platform/database/generated/client.js';

/** An account as people see it (contract §3): never a hash, a secret or an internal counter. */
export interface UserView {
  id: string;
  email: string;
  name: string;
  locale: string;
  role: RoleName;
  status: 'ACTIVE' | 'SUSPENDED';
  hasPassword: boolean;
  mustChangePassword: boolean;
  /** The one that stands in place of a password, expired or not; never the password itself. */
  temporaryPassword: { issuedAt: Date; expiresAt: Date; used: boolean } | null;
  passwordResetRequested: boolean;
  passwordResetRequestDate: Date | null;
  twoFactorEnabled: boolean;
  lastLoginAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** One's own account, with what only its owner is shown. */
export interface OwnUserView extends UserView {
  organization: { id: string; name: string };
  tokenBalance: number;
}

/** What of an account's row is shown. */
type ShownFields = Pick<
  User,
  | 'id'
  | 'email'
  | 'name'
  | 'locale'
  | 'role'
  | 'status'
  | 'passwordHash'
  | 'passwordChangedAt'
  | 'mustChangePassword'
  | 'temporaryPasswordExpiresAt'
  | 'temporaryPasswordUses'
  | 'passwordResetRequestedAt'
  | 'twoFactorEnabledAt'
  | 'lastLoginAt'
  | 'createdAt'
  | 'updatedAt'
>;

/** An account with what only its owner is shown. */
export type OwnUser = ShownFields &
  Pick<User, 'tokenBalance'> & { organization: Pick<Organization, 'id' | 'name'> };

export function toUserView(user: ShownFields): UserView {
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    locale: user.locale,
    role: roleOf(user),
    status: user.status as UserView['status'],
    hasPassword: user.passwordHash !== null,
    mustChangePassword: user.mustChangePassword,
    temporaryPassword: toTemporaryPasswordView(user),
    passwordResetRequested: user.passwordResetRequestedAt !== null,
    passwordResetRequestDate: user.passwordResetRequestedAt,
    twoFactorEnabled: user.twoFactorEnabledAt !== null,
    lastLoginAt: user.lastLoginAt,
    createdAt: user.createdAt,
    updatedAt: user.updatedAt,
  };
}

export function toOwnUserView(user: OwnUser): OwnUserView {
  const { id, name } = user.organization;
  return { ...toUserView(user), organization: { id, name }, tokenBalance: user.tokenBalance };
}

function toTemporaryPasswordView(user: ShownFields): UserView['temporaryPassword'] {
  const { passwordChangedAt, temporaryPasswordExpiresAt: expiresAt, temporaryPasswordUses: uses } = user;
  if (expiresAt === null || passwordChangedAt === null) return null;
  return { issuedAt: passwordChangedAt, expiresAt, used: uses > 0 };
}
