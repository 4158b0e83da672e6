import type { AccessTokenResult } from '../platform/access/access-tokens.js';
import type { SessionTokens } from '../sessions/refresh-rotation.js';
import type { DeviceToken } from '../two-factor/remembered-devices.service.js';
import type { OwnUserView } from '../users/user-view.js';
import type { IssuedChallenge } from './challenges.service.js';

/** What a login answers (contract §2): exactly one of these. */
export type LoginResult =
  | ({ status: 'authenticated'; user: OwnUserView } & AccessTokenResult)
  | ({ status: 'two_factor_required'; methods: ['totp', 'backup_code'] } & IssuedChallenge)
  | ({ status: 'password_change_required' | 'two_factor_setup_required' } & IssuedChallenge);

/** A result, and what goes into cookies: the refresh token only when authenticated. */
export interface LoginOutcome {
  readonly result: LoginResult;
  readonly tokens: SessionTokens | null;
  /** The next token of the remembered device, when it was used or has just been trusted. */
  readonly device?: DeviceToken;
}
