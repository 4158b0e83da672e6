import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { OperatorError } from '../platform/errors/operator-error.js';
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

/** How far an answer to a leak has come; kept in a file, so that it can go on after a kill. */
export interface LeakState {
  readonly startedAt: string;
  finishedAt: string | null;
  /** Name of the key that it encrypts anew with. */
  key?: string;
  /** Whom to tell. */
  affected: AffectedIntegration[] | null;
  /** What each finished step did: rows. */
  steps: Partial<Record<LeakStep, number>>;
}

const STATE_FILE = 'report.json';
const REPORT_ID = /^database-leak-[0-9A-Za-z-]{1,64}$/;

/** Whether `text` could name a report; it names a folder, so nothing else gets near a path. */
export function isReportId(text: string): boolean {
  return REPORT_ID.test(text);
}

/** The folder of one answer: `report.json` says what was done, `notify.csv` and `notify.json` whom to tell. */
export class IncidentReport {
  private constructor(
    readonly folder: string,
    readonly state: LeakState,
  ) {}

  /**
   * A new report beside those of other incidents, finished or not.
   * @param suffix sets two of one millisecond apart: letters and digits.
   * @param key name of the key that all is encrypted with anew.
   */
  static begin(parent: string, now: Date, suffix: string, key: string): IncidentReport {
    const name = `database-leak-${now.toISOString().replaceAll(/[:.]/g, '-')}-${suffix}`;
    const state = { startedAt: now.toISOString(), finishedAt: null, key, affected: null, steps: {} };
    return new IncidentReport(join(parent, name), state);
  }

  /** The report called `id`. @throws OperatorError when there is none, or it is finished. */
  static resume(parent: string, id: string): IncidentReport {
    const folder = join(parent, id);
    if (!isReportId(id) || !existsSync(join(folder, STATE_FILE)))
      throw new OperatorError(`There is no report ${id} in ${parent}; nothing was changed.`);
    const state = readState(folder);
    if (state.finishedAt !== null)
      throw new OperatorError(
        `The report ${id} was finished at ${state.finishedAt}; without --resume a new one begins. Nothing was changed.`,
      );
    return new IncidentReport(folder, state);
  }

  /** Ids of the reports that were begun and not finished, oldest first. */
  static unfinished(parent: string): string[] {
    if (!existsSync(parent)) return [];
    const names = readdirSync(parent).filter(
      (name) => isReportId(name) && existsSync(join(parent, name, STATE_FILE)),
    );
    return names.filter((name) => readState(join(parent, name)).finishedAt === null).toSorted();
  }

  /** What `--resume` takes: the name of the folder. */
  get id(): string {
    return basename(this.folder);
  }

  /** Adds whom to tell, each once. */
  addAffected(found: readonly AffectedIntegration[]): void {
    const known = new Set(this.state.affected?.map(({ integrationId }) => integrationId));
    const added = found.filter(({ integrationId }) => !known.has(integrationId));
    if (this.state.affected !== null && added.length === 0) return;
    this.state.affected = [...(this.state.affected ?? []), ...added];
    this.save();
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

function readState(folder: string): LeakState {
  return JSON.parse(readFileSync(join(folder, STATE_FILE), 'utf8')) as LeakState;
}
