import type { Config } from '../platform/config/config.js';

/** What is kept how long. `where` uses $1: the instant before which a row is old enough to go. */
export interface RetentionRule {
  /** For people and commands, for example `login-attempts`. */
  readonly kind: string;
  readonly table: string;
  /** Columns of the primary key. */
  readonly key: readonly string[];
  /** How long after `column` a row is kept. */
  readonly keepSeconds: number | ((config: Config) => number);
  /** The column that tells; an index serves it. */
  readonly column: string;
  /** What else must hold, as SQL. */
  readonly only?: string;
}

const DAY = 86_400;

/** The one table of retention. The trail of security events and the ledger of balances are kept for ever. */
export const RETENTION_RULES: readonly RetentionRule[] = [
  {
    kind: 'login-attempts',
    table: 'login_attempts',
    key: ['id'],
    column: 'created_at',
    keepSeconds: 90 * DAY,
  },
  { kind: 'sessions', table: 'sessions', key: ['id'], column: 'expires_at', keepSeconds: 30 * DAY },
  { kind: 'challenges', table: 'challenges', key: ['id'], column: 'expires_at', keepSeconds: DAY },
  { kind: 'lockouts', table: 'login_lockouts', key: ['email', 'lane'], column: 'expires_at', keepSeconds: 0 },
  { kind: 'spent-captchas', table: 'spent_captchas', key: ['id'], column: 'expires_at', keepSeconds: 0 },
  {
    kind: 'remembered-devices',
    table: 'remembered_devices',
    key: ['id'],
    column: 'expires_at',
    keepSeconds: 0,
  },
  {
    kind: 'notices',
    table: 'notices',
    key: ['id'],
    column: 'created_at',
    keepSeconds: 30 * DAY,
    only: 'next_attempt_at IS NULL',
  },
  {
    kind: 'webhook-events',
    table: 'webhook_events',
    key: ['id'],
    column: 'created_at',
    keepSeconds: ({ retention }) => retention.webhookEventDays * DAY,
  },
  {
    kind: 'webhook-deliveries',
    table: 'webhook_deliveries',
    key: ['integration_id', 'id_hash'],
    column: 'expires_at',
    keepSeconds: 0,
  },
  {
    kind: 'webhook-failures',
    table: 'webhook_failures',
    key: ['id'],
    column: 'created_at',
    keepSeconds: DAY,
  },
  {
    kind: 'blocked-addresses',
    table: 'blocked_addresses',
    key: ['id'],
    column: 'expires_at',
    keepSeconds: 0,
  },
  {
    kind: 'imports',
    table: 'imports',
    key: ['id'],
    column: 'created_at',
    keepSeconds: ({ retention }) => retention.importDays * DAY,
  },
];
