import type { SecurityAction, SecurityEvent } from '../platform/events/security-event.js';
import type { NoticeKind } from './notice-texts.js';

const NOTICE_OF_ACTION: Partial<Record<SecurityAction, NoticeKind>> = {
  'password.changed': 'password_changed',
  'password.set_by_admin': 'password_reset_by_admin',
  'password.temporary_issued': 'password_reset_by_admin',
  'two_factor.enabled': 'two_factor_enabled',
  'two_factor.disabled': 'two_factor_disabled',
  'two_factor.removed_by_admin': 'two_factor_removed',
  'two_factor.backup_codes_low': 'backup_codes_low',
  'user.locked': 'account_locked',
};

/** Wrong proofs inside sessions within an hour at which their owner is told. */
const PROOFS_WORTH_A_NOTICE = 5;

/** What the target of an event is told, if anything. */
export function noticeOf({ action, details }: SecurityEvent): NoticeKind | null {
  if (action === 'session.started') return details?.['newDevice'] === true ? 'new_device' : null;
  if (action === 'proof.refused') {
    return details?.['failures'] === PROOFS_WORTH_A_NOTICE ? 'proofs_refused' : null;
  }
  return NOTICE_OF_ACTION[action] ?? null;
}

/** Whether the notice tells where the act came from: not when somebody else did it. */
export function tellsWhere(kind: NoticeKind): boolean {
  return kind !== 'password_reset_by_admin' && kind !== 'two_factor_removed';
}
