import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { csvLine } from '../platform/validation/csv.js';

/** A platform whose tokens were in the database, and whose token it was. */
export interface AffectedIntegration {
  readonly integrationId: string;
  readonly organizationId: string;
  readonly organization: string;
  readonly provider: string;
  readonly label: string;
}

export type LeakStep = 'keys' | 'integrations' | 'service-keys' | 'sessions' | 'passwords' | 'trail';

/** How far an answer to a leak has come; kept in a file, so that it goes on after a kill. */
export interface LeakState {
  readonly startedAt: string;
  finishedAt: string | null;
  /** Whom to tell. */
  affected: AffectedIntegration[] | null;
  /** What each finished step did: rows. */
  steps: Partial<Record<LeakStep, number>>;
}

const STATE_FILE = 'report.json';

/** The folder of one answer: `report.json` says what was done, `notify.csv` and `notify.json` whom to tell. */
export class IncidentReport {
  private constructor(
    readonly folder: string,
    readonly state: LeakState,
  ) {}

  /** The unfinished report in `parent`, or a new one. */
  static open(parent: string, now: Date): IncidentReport {
    mkdirSync(parent, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(parent).toSorted().toReversed()) {
      const file = join(parent, name, STATE_FILE);
      if (!name.startsWith('database-leak-') || !existsSync(file)) continue;
      const state = JSON.parse(readFileSync(file, 'utf8')) as LeakState;
      if (state.finishedAt === null) return new IncidentReport(join(parent, name), state);
    }
    const folder = join(parent, `database-leak-${now.toISOString().replaceAll(/[:.]/g, '-')}`);
    return new IncidentReport(folder, {
      startedAt: now.toISOString(),
      finishedAt: null,
      affected: null,
      steps: {},
    });
  }

  /** Whether nothing was done yet. */
  get isNew(): boolean {
    return this.state.affected === null;
  }

  /** Writes all files; each to a temporary name and moved, so that a kill leaves no half file. */
  save(): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    this.write(STATE_FILE, `${JSON.stringify(this.state, null, 2)}\n`);
    const affected = this.state.affected ?? [];
    this.write('notify.json', `${JSON.stringify(affected, null, 2)}\n`);
    const columns = ['organizationId', 'organization', 'provider', 'label', 'integrationId'] as const;
    const lines = affected.map((row) => csvLine(columns.map((column) => row[column])));
    this.write('notify.csv', [csvLine(columns), ...lines].join(''));
  }

  private write(name: string, text: string): void {
    const file = join(this.folder, name);
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
}
