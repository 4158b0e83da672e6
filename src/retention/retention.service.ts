import { Injectable, Logger } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { addSeconds, Clock } from '../platform/clock/clock.js';
import { Config } from '../platform/config/config.js';
import { Database } from '../platform/database/database.js';
import { Signals } from '../platform/events/signals.js';
import { Jobs } from '../platform/jobs/jobs.js';
import { RetentionClock } from './retention-clock.js';
import { RETENTION_RULES, type RetentionRule } from './retention-rules.js';

const EVERY_SECONDS = 3600;
const BATCH = 500;
/** Between two batches, so that others are served. */
const PAUSE_MS = 20;
/** So much of a table at once, unless somebody says that all of it is meant; of a small one so many rows. */
const SHARE_AT_ONCE = 0.1;
const ROWS_AT_ONCE = 100;

/** How a run goes. */
export interface RetentionOptions {
  /** Rows of one statement. */
  readonly batchSize?: number;
  readonly stop?: AbortSignal;
  /** All that is due, also when that is more than a tenth of the table. */
  readonly all?: boolean;
  /** Told after each batch. */
  readonly onDeleted?: (count: number) => void;
}

/** Deletes what is older than its rule says: in small batches, so that nobody notices; killed, it goes on later. */
@Injectable()
export class RetentionService {
  private readonly logger = new Logger(RetentionService.name);

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly config: Config,
    private readonly trustedClock: RetentionClock,
    private readonly signals: Signals,
    jobs: Jobs,
  ) {
    for (const rule of RETENTION_RULES) {
      jobs.add({
        name: jobName(rule),
        everySeconds: EVERY_SECONDS,
        run: (stop) => this.runByItself(rule, stop),
      });
    }
  }

  /** How many rows of a rule are due. */
  async count(rule: RetentionRule): Promise<number> {
    const text = `SELECT count(*)::int AS due FROM benteng.${rule.table} WHERE ${conditionOf(rule)}`;
    const name = `count_${rule.table}`;
    const [row] = await this.database.run<{ due: number }>({ name, text }, [this.cutoffOf(rule)]);
    return row!.due;
  }

  /**
   * Deletes what is due, unless another instance is at it; of what is kept for a time, a tenth of the table at once.
   * @returns how many rows went, or null when somebody else is deleting them now.
   */
  async run(rule: RetentionRule, options: RetentionOptions): Promise<number | null> {
    let deleted = 0;
    const ran = await this.database.exclusively(jobName(rule), async () => {
      deleted = await this.delete(rule, options);
    });
    return ran ? deleted : null;
  }

  /** The work of the job: what somebody should look at is an alert. */
  private async runByItself(rule: RetentionRule, stop: AbortSignal): Promise<void> {
    const objection = await this.trustedClock.look(this.clock.now());
    if (objection !== null) return this.hold(rule, objection);
    await this.delete(rule, { stop });
    if (!stop.aborted && (await this.count(rule)) > 0)
      this.hold(rule, 'more than a tenth of the table is due; the next part goes in an hour');
  }

  private hold({ kind }: RetentionRule, reason: string): void {
    this.logger.warn(`retention of ${kind} is held back: ${reason}`);
    this.signals.emit({ kind: 'retention_held', of: kind, reason });
  }

  private async delete(
    rule: RetentionRule,
    { batchSize = BATCH, stop, all = false, onDeleted }: RetentionOptions,
  ): Promise<number> {
    const limit = all ? Infinity : await this.limitOf(rule);
    const columns = rule.key.join(', ');
    // Chosen first and once: as a subquery it could be run again within the statement, and the batch would grow.
    const text = `
      WITH due AS MATERIALIZED (
        SELECT ${columns} FROM benteng.${rule.table} WHERE ${conditionOf(rule)}
        ORDER BY ${rule.column} LIMIT $2::int FOR UPDATE SKIP LOCKED)
      DELETE FROM benteng.${rule.table} WHERE (${columns}) IN (SELECT ${columns} FROM due)
      RETURNING 1 AS deleted`;
    const statement = { name: `retain_${rule.table}`, text };
    let total = 0;
    while (total < limit) {
      const size = Math.min(batchSize, limit - total);
      const { length } = await this.database.run(statement, [this.cutoffOf(rule), size]);
      total += length;
      onDeleted?.(length);
      if (length < size || stop?.aborted === true) break;
      await delay(PAUSE_MS);
    }
    if (total > 0) this.logger.log(`retention: ${total} rows of ${rule.kind} deleted`);
    return total;
  }

  /** How many rows may go at once. What means nothing any more, such as a lockout that ended, may go as a whole. */
  private async limitOf(rule: RetentionRule): Promise<number> {
    if (this.keepSecondsOf(rule) === 0) return Infinity;
    const statement = {
      name: `size_${rule.table}`,
      text: `SELECT count(*)::int AS rows FROM benteng.${rule.table}`,
    };
    const [size] = await this.database.run<{ rows: number }>(statement, []);
    return Math.max(ROWS_AT_ONCE, Math.ceil(size!.rows * SHARE_AT_ONCE));
  }

  private cutoffOf(rule: RetentionRule): Date {
    return addSeconds(this.clock.now(), -this.keepSecondsOf(rule));
  }

  private keepSecondsOf({ keepSeconds }: RetentionRule): number {
    return typeof keepSeconds === 'number' ? keepSeconds : keepSeconds(this.config);
  }
}

function jobName({ kind }: RetentionRule): string {
  return `retention ${kind}`;
}

/** Tables and columns are constants of `retention-rules.ts`; values are parameters. */
function conditionOf({ column, only }: RetentionRule): string {
  return `${column} <= $1::timestamptz${only === undefined ? '' : ` AND ${only}`}`;
}
