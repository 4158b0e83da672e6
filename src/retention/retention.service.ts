import { Injectable, Logger } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { addSeconds, Clock } from '../platform/clock/clock.js';
import { Config } from '../platform/config/config.js';
import { Database } from '../platform/database/database.js';
import { Jobs } from '../platform/jobs/jobs.js';
import { RETENTION_RULES, type RetentionRule } from './retention-rules.js';

const EVERY_SECONDS = 3600;
const BATCH = 500;
/** Between two batches, so that others are served. */
const PAUSE_MS = 20;

/** How a run goes. */
export interface RetentionOptions {
  /** Rows of one statement. */
  readonly batchSize?: number;
  readonly stop?: AbortSignal;
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
    jobs: Jobs,
  ) {
    for (const rule of RETENTION_RULES) {
      jobs.add({
        name: jobName(rule),
        everySeconds: EVERY_SECONDS,
        run: async (stop) => {
          await this.delete(rule, { stop });
        },
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
   * Deletes what is due, unless another instance is at it.
   * @returns how many rows went, or null when somebody else is deleting them now.
   */
  async run(rule: RetentionRule, options: RetentionOptions): Promise<number | null> {
    let deleted = 0;
    const ran = await this.database.exclusively(jobName(rule), async () => {
      deleted = await this.delete(rule, options);
    });
    return ran ? deleted : null;
  }

  private async delete(
    rule: RetentionRule,
    { batchSize = BATCH, stop, onDeleted }: RetentionOptions,
  ): Promise<number> {
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
    for (;;) {
      const { length } = await this.database.run(statement, [this.cutoffOf(rule), batchSize]);
      total += length;
      onDeleted?.(length);
      if (length < batchSize || stop?.aborted === true) break;
      await delay(PAUSE_MS);
    }
    if (total > 0) this.logger.log(`retention: ${total} rows of ${rule.kind} deleted`);
    return total;
  }

  private cutoffOf({ keepSeconds }: RetentionRule): Date {
    const seconds = typeof keepSeconds === 'number' ? keepSeconds : keepSeconds(this.config);
    return addSeconds(this.clock.now(), -seconds);
  }
}

function jobName({ kind }: RetentionRule): string {
  return `retention ${kind}`;
}

/** Tables and columns are constants of `retention-rules.ts`; values are parameters. */
function conditionOf({ column, only }: RetentionRule): string {
  return `${column} <= $1::timestamptz${only === undefined ? '' : ` AND ${only}`}`;
}
