import type { SecurityAction } from '../platform/events/security-event.js';

export type Severity = 'low' | 'medium' | 'high';

/** What somebody should look at: what is wrong, from which threshold on, how much it matters. */
export const ALERT_KINDS = {
  account_locked: {
    severity: 'medium',
    summary: 'An account was locked after too many wrong passwords.',
  },
  second_factor_locked: {
    severity: 'high',
    summary: 'The second factor of an account was locked: somebody who holds the password guesses codes.',
  },
  proofs_exhausted: {
    severity: 'high',
    summary:
      'A session was ended after ten wrong passwords or codes inside it: its access token may be stolen.',
  },
  refresh_token_theft: {
    severity: 'high',
    summary: 'A spent refresh token came back: it was copied. The session was ended.',
  },
  remembered_device_theft: {
    severity: 'high',
    summary: 'A spent token of a remembered device came back: it was copied. The trust was ended.',
  },
  credential_stuffing: {
    severity: 'high',
    summary: 'One address failed to sign in to ten or more accounts within ten minutes.',
  },
  account_spraying: {
    severity: 'high',
    summary: 'Ten or more addresses failed to sign in to one account within ten minutes.',
  },
  password_spraying: {
    severity: 'high',
    summary: 'One password was tried for ten or more accounts within ten minutes.',
  },
  decrypt_failure: {
    severity: 'high',
    summary: 'An encrypted field was refused: it was altered or moved, or its key is missing.',
  },
  password_hash_refused: {
    severity: 'high',
    summary:
      'The stored password hash of an account has no known form or would cost too much to check: sign-in is refused.',
  },
  limiter_store_down: {
    severity: 'medium',
    summary: 'The shared counters cannot be reached; each instance limits by itself.',
  },
  database_errors: {
    severity: 'high',
    summary: 'Five or more requests within a minute could not reach the database.',
  },
  client_address_unreadable: {
    severity: 'medium',
    summary:
      'A trusted proxy names its clients in a way that cannot be read: they all count as one. Mend X-Forwarded-For.',
  },
  uncaught_fault: {
    severity: 'high',
    summary: 'A fault of the program was caught by its last net only; the log has it under "fatal".',
  },
  retention_held: {
    severity: 'medium',
    summary:
      'Retention holds back: the clock has jumped, or more than a tenth of a kind of data is due at once.',
  },
  webhook_signature_failures: {
    severity: 'medium',
    summary: 'Ten or more deliveries for one integration were refused within ten minutes.',
  },
  unusual_api_use: {
    severity: 'low',
    summary: 'One person or service makes unusually many requests.',
  },
} as const satisfies Record<string, { severity: Severity; summary: string }>;

export type AlertKind = keyof typeof ALERT_KINDS;
export const ALERT_KIND_NAMES = Object.keys(ALERT_KINDS) as AlertKind[];

/** Events that raise an alert by themselves; the subject is their target. */
export const ALERT_OF_EVENT: Partial<Record<SecurityAction, AlertKind>> = {
  'user.locked': 'account_locked',
  'two_factor.locked': 'second_factor_locked',
  'session.proofs_exhausted': 'proofs_exhausted',
  'session.refresh_token_reused': 'refresh_token_theft',
  'remembered_device.token_reused': 'remembered_device_theft',
};

/** Failed sign-ins are looked through this far back. */
export const PATTERN_WINDOW_SECONDS = 600;
/** Accounts one address, or addresses one account, may fail with. */
export const PATTERN_THRESHOLD = 10;
/** Deliveries for one integration that may be refused within `PATTERN_WINDOW_SECONDS`. */
export const WEBHOOK_FAILURES = 10;
/** Requests that may miss the database within a minute. */
export const DATABASE_ERRORS_PER_MINUTE = 5;
/** An open alert that was quiet for so long is sent again when it comes back. */
export const QUIET_SECONDS = 3600;
