import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import { Config } from '../platform/config/config.js';
import { EncryptionKeyRing } from '../platform/crypto/key-ring.js';
import { READABLE_ALPHABET, RandomSource } from '../platform/crypto/random-source.js';
import { Database, type Statement } from '../platform/database/database.js';
import { KeyRegister } from '../platform/database/key-register.js';
import { KeyRotation } from '../platform/database/key-rotation.js';
import { KeyUsage } from '../platform/database/key-usage.js';
import { OperatorError } from '../platform/errors/operator-error.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import { CredentialReset } from './credential-reset.js';
import { IncidentReport, type LeakStep } from './incident-report.js';
import { TokenRevocation } from './token-revocation.js';

/** What a leak means for this installation, counted. */
export interface LeakPlan {
  readonly encryptedValues: number;
  readonly integrations: number;
  readonly serviceKeys: number;
  readonly liveSessions: number;
  readonly passwords: number;
}

/** Told what is being done, and how many rows of it are done. */
export type LeakProgress = (step: LeakStep | 'passwords again', rows: number) => void;

/** Which report a run writes. */
export interface LeakRunOptions {
  /** Id of a report that a killed run left; without it a new one begins. */
  readonly resume?: string | undefined;
  /** Told the report before anything is changed. */
  readonly onBegin?: (report: IncidentReport) => void;
}

/** A key that was put in front for a leak is no older than this when the answer begins. */
const FRESH_KEY_HOURS = 24;
const SUFFIX_LENGTH = 6;

const COUNT: Statement = {
  name: 'leak_count',
  text: `
    SELECT (SELECT count(*)::int FROM benteng.integrations) AS integrations,
           (SELECT count(*)::int FROM benteng.service_keys) AS "serviceKeys",
           (SELECT count(*)::int FROM benteng.sessions WHERE ended_at IS NULL AND expires_at > $1::timestamptz) AS "liveSessions",
           (SELECT count(*)::int FROM benteng.users WHERE password_hash IS NOT NULL) AS passwords`,
};

/**
 * The answer to a database that somebody else has read (L-6.2), while the service runs:
 *
 *   accounts ──▶ keys ──▶ service keys ──▶ integrations ──▶ accounts and service keys again ──▶ trail
 *
 * Accounts come first, so that whoever is in goes out at once, and again at the end: what an old session or key made for
 * itself before its turn (an account, a temporary password, a service key) ends there. Each step finds what still waits,
 * and a file keeps what is done, so a run that was killed can be resumed.
 */
@Injectable()
export class DatabaseLeak {
  constructor(
    private readonly database: Database,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly random: RandomSource,
    private readonly ring: EncryptionKeyRing,
    private readonly register: KeyRegister,
    private readonly usage: KeyUsage,
    private readonly rotation: KeyRotation,
    private readonly credentials: CredentialReset,
    private readonly tokens: TokenRevocation,
    private readonly events: SecurityEvents,
  ) {}

  /** What would be done. */
  async plan(): Promise<LeakPlan> {
    const uses = await this.usage.list();
    const encryptedValues = uses.reduce((sum, { rows }) => sum + rows, 0);
    const [counts] = await this.database.run<Omit<LeakPlan, 'encryptedValues'>>(COUNT, [this.clock.now()]);
    return { encryptedValues, ...counts! };
  }

  /** Ids of reports that killed runs left. @param out as `run`. */
  unfinished(out?: string): string[] {
    return IncidentReport.unfinished(this.parentOf(out));
  }

  /**
   * Does it all, as a report of its own or as the rest of one that was left.
   * @param out parent folder of the report; default `DATA_DIR/incidents`.
   * @throws OperatorError when the first key of ENCRYPTION_KEYS may be in the leak; when the report to resume is unknown
   *   or finished; when another run goes on; when an instance still encrypts with an older key.
   */
  async run(
    onProgress: LeakProgress = () => undefined,
    out?: string,
    { resume, onBegin }: LeakRunOptions = {},
  ): Promise<IncidentReport> {
    let report: IncidentReport | undefined;
    const ran = await this.database.exclusively('incident:database-leak', async () => {
      report = await this.open(this.parentOf(out), resume);
      onBegin?.(report);
      await this.answer(report, onProgress);
    });
    if (!ran) throw new OperatorError('Another answer to a leak is running; nothing was changed.');
    return report!;
  }

  private parentOf(out?: string): string {
    return out ?? join(this.config.dataDir, 'incidents');
  }

  private async open(parent: string, resume?: string): Promise<IncidentReport> {
    const key = this.ring.current.id;
    if (resume !== undefined) {
      const left = IncidentReport.resume(parent, resume);
      if (left.state.key !== key) await this.assertFreshKey();
      left.state.key = key;
      return left;
    }
    await this.assertFreshKey();
    const suffix = this.random.text(SUFFIX_LENGTH, READABLE_ALPHABET);
    const report = IncidentReport.begin(parent, this.clock.now(), suffix, key);
    report.save();
    return report;
  }

  /**
   * The thief may hold every key of the past. Surely not in the leak is one that has encrypted nothing; and one that was
   * put in front of others a moment ago, which a service that goes on has used since.
   */
  private async assertFreshKey(): Promise<void> {
    const uses = await this.usage.list();
    if (uses.every(({ state }) => state !== 'current')) return;
    const hasOlderValues = uses.some(({ state }) => state === 'older');
    if (await this.register.hasJustTakenOver(FRESH_KEY_HOURS, hasOlderValues)) return;
    throw new OperatorError(
      `Put a new key in front of ENCRYPTION_KEYS first ("keys:generate --for ENCRYPTION_KEYS") and restart every instance: the present first one has been in use, and not only within the last ${FRESH_KEY_HOURS} hours. Nothing was changed.`,
    );
  }

  private async answer(report: IncidentReport, onProgress: LeakProgress): Promise<void> {
    const { steps } = report.state;
    const now = this.clock.now();
    const deleteServiceKeys = () => this.tokens.deleteServiceKeys((rows) => onProgress('service-keys', rows));
    // Before anything of it is gone.
    if (report.state.affected === null) report.addAffected(await this.tokens.findAffected());
    if (steps.passwords === undefined || steps.sessions === undefined) {
      Object.assign(steps, await this.credentials.run(now, (rows) => onProgress('passwords', rows)));
      report.save();
    }
    await this.step(report, 'keys', async () => {
      const { rotated } = await this.rotation.run({ onBatch: (rows) => onProgress('keys', rows) });
      return rotated;
    });
    await this.step(report, 'service-keys', deleteServiceKeys);
    await this.step(report, 'integrations', () =>
      this.tokens.revokeIntegrations(
        now,
        (affected) => report.addAffected(affected),
        (rows) => onProgress('integrations', rows),
      ),
    );
    if (steps.trail === undefined) {
      const again = await this.credentials.run(this.clock.now(), (rows) =>
        onProgress('passwords again', rows),
      );
      steps.passwords! += again.passwords;
      steps.sessions! += again.sessions;
      steps['service-keys']! += await deleteServiceKeys();
      report.save();
      await this.assertOneKey();
    }
    await this.step(report, 'trail', () => this.recordForAll(report));
    report.state.finishedAt = this.clock.now().toISOString();
    report.save();
  }

  private async step(report: IncidentReport, name: LeakStep, work: () => Promise<number>): Promise<void> {
    if (report.state.steps[name] !== undefined) return;
    report.state.steps[name] = await work();
    report.save();
  }

  /** An instance that was not restarted goes on writing what the thief can read. */
  private async assertOneKey(): Promise<void> {
    const { unreadable } = await this.rotation.run();
    const due = await this.rotation.countDue();
    if (due <= unreadable) return;
    throw new OperatorError(
      `An instance still encrypts with an older key than "${this.ring.current.id}" (${due - unreadable} values just now). Restart every instance with the new ENCRYPTION_KEYS, then run this again with --resume.`,
    );
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
