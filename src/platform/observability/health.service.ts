import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { Database } from '../database/database.js';
import { unavailable } from '../errors/platform.errors.js';
import { LimitsService } from '../limits/limits.service.js';

const CHECK_TIMEOUT_MS = 2000;
/** One check serves all probes of this long, so that probing cannot load the database. */
const CHECK_SHARED_MS = 500;

/** What can be reached; `redis` only where it is used. */
interface Readiness {
  status: 'ok';
  database: 'up';
  redis?: 'up';
}

/** Answers whether requests can be served now. */
@Injectable()
export class HealthService {
  private last: { at: number; check: Promise<Readiness> } | undefined;

  constructor(
    private readonly database: Database,
    private readonly limits: LimitsService,
    private readonly clock: Clock,
  ) {}

  /** @throws UNAVAILABLE while the database or Redis cannot be asked. */
  readiness(): Promise<Readiness> {
    const now = this.clock.now().getTime();
    if (this.last === undefined || Math.abs(now - this.last.at) > CHECK_SHARED_MS) {
      this.last = { at: now, check: this.check() };
    }
    return this.last.check;
  }

  private async check(): Promise<Readiness> {
    const [, redis] = await Promise.all([
      reached(this.database.ping(), 'The database cannot be reached.'),
      reached(this.limits.checkStore(), 'Redis cannot count: it is away, read-only or full.'),
    ]);
    return { status: 'ok', database: 'up', ...(redis !== null && { redis }) };
  }
}

/** The outcome of `work`. @throws UNAVAILABLE with `detail` when it fails or takes too long. */
async function reached<T>(work: Promise<T>, detail: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('timed out')), CHECK_TIMEOUT_MS);
  });
  try {
    return await Promise.race([work, timeout]);
  } catch (cause) {
    throw unavailable({ detail, retryAfterSeconds: 2, cause });
  } finally {
    clearTimeout(timer);
  }
}
