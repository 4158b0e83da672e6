import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import { Config } from '../platform/config/config.js';
import { Database, type Statement } from '../platform/database/database.js';
import { KeyRotation } from '../platform/database/key-rotation.js';
import { KeyUsage } from '../platform/database/key-usage.js';
import { OperatorError } from '../platform/errors/operator-error.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import { IncidentReport, type AffectedIntegration, type LeakStep } from './incident-report.js';

/** What a leak means for this installation, counted. */
export interface LeakPlan {
  readonly encryptedValues: number;
  readonly integrations: number;
  readonly serviceKeys: number;
  readonly liveSessions: number;
  readonly passwords: number;
}

/** Told what is being done, and how many rows of it are done. */
export type LeakProgress = (step: LeakStep, rows: number) => void;

const BATCH = 500;

const AFFECTED: Statement = {
  name: 'leak_affected',
  text: `
    SELECT i.id AS "integrationId", o.id AS "organizationId", o.name AS organization, i.provider::text, i.label
    FROM benteng.integrations i JOIN benteng.organizations o ON o.id = i.organization_id
    WHERE i.access_token IS NOT NULL OR i.refresh_token IS NOT NULL OR i.api_key IS NOT NULL
       OR i.webhook_secret IS NOT NULL OR i.previous_webhook_secret IS NOT NULL OR i.config IS NOT NULL
    ORDER BY o.name, i.provider, i.id`,
};

const COUNT: Statement = {
  name: 'leak_count',
  text: `
    SELECT (SELECT count(*)::int FROM benteng.integrations) AS integrations,
           (SELECT count(*)::int FROM benteng.service_keys) AS "serviceKeys",
           (SELECT count(*)::int FROM benteng.sessions WHERE ended_at IS NULL AND expires_at > $1::timestamptz) AS "liveSessions",
           (SELECT count(*)::int FROM benteng.users WHERE password_hash IS NOT NULL) AS passwords`,
};

/** Steps that change rows: each statement takes up to $1 rows that still wait ($2 is now), so it can be run again. */
const STATEMENTS: Record<'integrations' | 'service-keys' | 'sessions' | 'passwords', string> = {
  integrations: `
    UPDATE benteng.integrations SET status = 'DISABLED', access_token = NULL, refresh_token = NULL, api_key = NULL,
           webhook_secret = NULL, previous_webhook_secret = NULL, previous_webhook_secret_expires_at = NULL,
           config = NULL, token_expires_at = NULL, updated_at = $2::timestamptz
    WHERE id IN (SELECT id FROM benteng.integrations
                 WHERE status = 'ACTIVE' OR access_token IS NOT NULL OR refresh_token IS NOT NULL OR api_key IS NOT NULL
                    OR webhook_secret IS NOT NULL OR previous_webhook_secret IS NOT NULL OR config IS NOT NULL
                 ORDER BY id LIMIT $1::int)
    RETURNING 1 AS done`,
  'service-keys': `
    DELETE FROM benteng.service_keys
    WHERE id IN (SELECT id FROM benteng.service_keys WHERE created_at <= $2::timestamptz ORDER BY id LIMIT $1::int)
    RETURNING 1 AS done`,
  sessions: `
    UPDATE benteng.sessions SET ended_at = $2::timestamptz, end_reason = 'CREDENTIAL_CHANGE'
    WHERE id IN (SELECT id FROM benteng.sessions
                 WHERE ended_at IS NULL AND expires_at > $2::timestamptz ORDER BY id LIMIT $1::int)
    RETURNING 1 AS done`,
  passwords: `
    UPDATE benteng.users SET must_change_password = true, credential_version = credential_version + 1,
           updated_at = $2::timestamptz
    WHERE id IN (SELECT id FROM benteng.users
                 WHERE password_hash IS NOT NULL AND NOT must_change_password ORDER BY id LIMIT $1::int)
    RETURNING 1 AS done`,
};

/**
 * The answer to a database that somebody else has read (L-6.2): everything encrypted anew with a key that is not in the
 * leak, every token and service key revoked, every session ended, every password to be changed at the next sign-in, and
 * a list of whom to tell. Each step finds what still waits, and a file keeps what is done: killed, it goes on.
 */
@Injectable()
export class DatabaseLeak {
  constructor(
    private readonly database: Database,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly usage: KeyUsage,
    private readonly rotation: KeyRotation,
    private readonly events: SecurityEvents,
  ) {}

  /** What would be done. */
  async plan(): Promise<LeakPlan> {
    const uses = await this.usage.list();
    const encryptedValues = uses.reduce((sum, { rows }) => sum + rows, 0);
    const [counts] = await this.database.run<Omit<LeakPlan, 'encryptedValues'>>(COUNT, [this.clock.now()]);
    return { encryptedValues, ...counts! };
  }

  /**
   * Does it all, or goes on with what an earlier run left.
   * @param out parent folder of the report; default `DATA_DIR/incidents`.
   * @throws OperatorError when the first key of ENCRYPTION_KEYS has been in use before.
   */
  async run(onProgress: LeakProgress = () => undefined, out?: string): Promise<IncidentReport> {
    const now = this.clock.now();
    const report = IncidentReport.open(out ?? join(this.config.dataDir, 'incidents'), now);
    if (report.isNew) {
      await this.assertFreshKey();
      report.state.affected = await this.database.run<AffectedIntegration>(AFFECTED, []);
      report.save();
    }
    await this.step(report, 'keys', async () => {
      const { rotated } = await this.rotation.run({ onBatch: (rows) => onProgress('keys', rows) });
      return rotated;
    });
    for (const name of ['integrations', 'service-keys', 'sessions', 'passwords'] as const)
      await this.step(report, name, () => this.runBatches(name, now, onProgress));
    await this.step(report, 'trail', () => this.recordForAll(report));
    report.state.finishedAt = this.clock.now().toISOString();
    report.save();
    return report;
  }

  /** The thief may hold every key of the past; only one that has encrypted nothing is surely not in the leak. */
  private async assertFreshKey(): Promise<void> {
    const uses = await this.usage.list();
    if (uses.every(({ state }) => state !== 'current')) return;
    throw new OperatorError(
      'Put a new key in front of ENCRYPTION_KEYS first ("keys:generate --for ENCRYPTION_KEYS"): the present first one has been in use, nothing was changed.',
    );
  }

  private async step(report: IncidentReport, name: LeakStep, work: () => Promise<number>): Promise<void> {
    if (report.state.steps[name] !== undefined) return;
    report.state.steps[name] = await work();
    report.save();
  }

  private async runBatches(
    step: keyof typeof STATEMENTS,
    now: Date,
    onProgress: LeakProgress,
  ): Promise<number> {
    let total = 0;
    for (;;) {
      const statement = { name: `leak_${step}`, text: STATEMENTS[step] };
      const { length } = await this.database.run(statement, [BATCH, now]);
      total += length;
      onProgress(step, length);
      if (length < BATCH) return total;
    }
  }

  private async recordForAll({ state }: IncidentReport): Promise<number> {
    const organizations = await this.database.acrossTenants(() =>
      this.database.client.organization.findMany({ select: { id: true } }),
    );
    const { integrations = 0, sessions = 0, passwords = 0 } = state.steps;
    for (const { id: organizationId } of organizations) {
      await this.events.write({
        action: 'incident.database_leak',
        organizationId,
        details: { by: 'operator', startedAt: state.startedAt, integrations, sessions, passwords },
      });
    }
    return organizations.length;
  }
}
