import type { Alert } from '../platform/database/generated/client.js';
import { ALERT_KINDS, type AlertKind, type Severity } from './alert-rules.js';

/** An alert as administrators see it, and as it is sent. */
export interface AlertView {
  id: string;
  kind: AlertKind;
  severity: Severity;
  summary: string;
  /** Whom it concerns. */
  scope: 'organization' | 'installation';
  details: Alert['details'];
  occurrences: number;
  createdAt: Date;
  lastRaisedAt: Date;
  acknowledgedAt: Date | null;
  acknowledgedBy: string | null;
}

export function toAlertView(row: Alert): AlertView {
  const kind = row.kind as AlertKind;
  return {
    id: row.id,
    kind,
    ...ALERT_KINDS[kind],
    scope: row.organizationId === null ? 'installation' : 'organization',
    details: row.details,
    occurrences: row.occurrences,
    createdAt: row.createdAt,
    lastRaisedAt: row.lastRaisedAt,
    acknowledgedAt: row.acknowledgedAt,
    acknowledgedBy: row.acknowledgedBy,
  };
}
