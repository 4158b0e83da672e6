import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { Database } from '../database/database.js';
import { unavailable } from '../errors/platform.errors.js';

const CHECK_TIMEOUT_MS = 2000;
/** One check serves all probes of this long, so that probing cannot load the database. */
const CHECK_SHARED_MS = 500;

/** Answers whether requests can be served now. */
@Injectable()
export class HealthService {
  private last: { at: number; check: Promise<void> } | undefined;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** @throws UNAVAILABLE while the database cannot be asked. */
  async readiness(): Promise<{ status: 'ok'; database: 'up' }> {
    await this.sharedCheck().catch((cause: unknown) =>
      Promise.reject(unavailable({ detail: 'The database cannot be reached.', retryAfterSeconds: 2, cause })),
    );
    return { status: 'ok', database: 'up' };
  }

  private sharedCheck(): Promise<void> {
    const now = this.clock.now().getTime();
    if (this.last === undefined || Math.abs(now - this.last.at) > CHECK_SHARED_MS) {
      this.last = { at: now, check: withTimeout(this.database.ping(), CHECK_TIMEOUT_MS) };
    }
    return this.last.check;
  }
}

async function withTimeout(work: Promise<void>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('timed out')), milliseconds);
  });
  await Promise.race([work, timeout]).finally(() => clearTimeout(timer));
}
