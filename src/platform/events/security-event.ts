import type { ClientContext } from '../http/client-context.js';

/** Every security-relevant act that leaves a row in the trail. */
export const SECURITY_ACTIONS = [
  'organization.registered',
  'user.created',
  'users.imported',
  'user.updated',
  'user.deleted',
  'user.role_changed',
  'user.suspended',
  'user.activated',
  'user.locked',
  'user.unlocked',
  'session.started',
  'session.stepped_up',
  'session.ended',
  'proof.refused',
  'session.proofs_exhausted',
  'session.refresh_token_reused',
  'two_factor.enabled',
  'two_factor.disabled',
  'two_factor.removed_by_admin',
  'two_factor.backup_code_used',
  'two_factor.backup_codes_low',
  'two_factor.backup_codes_replaced',
  'two_factor.locked',
  'remembered_device.trusted',
  'remembered_device.revoked',
  'remembered_device.token_reused',
  'password.changed',
  'password.set_by_admin',
  'password.temporary_issued',
  'password.temporary_used',
  'password.reset_requested',
  'password.reset_dismissed',
  'password.reset_withdrawn',
  'integration.created',
  'integration.updated',
  'integration.deleted',
  'credentials.read',
  'webhook.replayed',
  'address.blocked',
  'address.unblocked',
  'import.uploaded',
  'import.deleted',
  'service_key.created',
  'service_key.deleted',
  'balance.credited',
  'alert.acknowledged',
  'incident.database_leak',
  'incident.account',
] as const;
export type SecurityAction = (typeof SECURITY_ACTIONS)[number];

/** What happened, to whom, by whom, from where. Written by `SecurityEvents.record` in the act's own transaction. */
export interface SecurityEvent {
  readonly action: SecurityAction;
  /** The tenant whose trail this is. */
  readonly organizationId: string;
  /** The account that acted; absent for the system and for strangers. */
  readonly actorId?: string | undefined;
  /** The account or thing it was done to. */
  readonly targetId?: string | undefined;
  /** Absent for commands run on the server. */
  readonly client?: ClientContext | undefined;
  /** Facts of the act: ids, counts, names of changed fields; never a secret. */
  readonly details?: Readonly<Record<string, string | number | boolean | null | readonly string[]>>;
}
