import { Injectable } from '@nestjs/common';
import { addSeconds, Clock } from '../platform/clock/clock.js';
import { Database, type Statement } from '../platform/database/database.js';
import { Jobs } from '../platform/jobs/jobs.js';
import { PATTERN_THRESHOLD, PATTERN_WINDOW_SECONDS } from './alert-rules.js';
import { AlertsService } from './alerts.service.js';

const EVERY_SECONDS = 15;

interface Stuffing {
  address: string;
  organizationId: string | null;
  emails: number;
  total: number;
}

interface Spraying {
  userId: string;
  organizationId: string;
  addresses: number;
}

/**
 * Addresses that failed with many accounts and go on, and how many of each organization. $1 since when, $2 the
 * threshold, $3 since when an address goes on.
 */
const FIND_STUFFING: Statement = {
  name: 'find_credential_stuffing',
  text: `
    WITH failed AS (
      SELECT address_bucket, email, organization_id, max(created_at) AS latest FROM benteng.login_attempts
      WHERE created_at > $1::timestamptz AND NOT success
      GROUP BY address_bucket, email, organization_id
    ), loud AS (
      SELECT address_bucket, count(DISTINCT email)::int AS total FROM failed
      GROUP BY address_bucket HAVING count(DISTINCT email) >= $2::int AND max(latest) > $3::timestamptz
    )
    SELECT address_bucket AS address, organization_id AS "organizationId", count(DISTINCT email)::int AS emails, total
    FROM failed JOIN loud USING (address_bucket)
    GROUP BY address_bucket, organization_id, total
    LIMIT 500`,
};

/** Accounts that many addresses failed with, and go on. Parameters as above. */
const FIND_SPRAYING: Statement = {
  name: 'find_account_spraying',
  text: `
    SELECT user_id AS "userId", organization_id AS "organizationId", count(DISTINCT address_bucket)::int AS addresses
    FROM benteng.login_attempts
    WHERE created_at > $1::timestamptz AND NOT success AND user_id IS NOT NULL
    GROUP BY user_id, organization_id HAVING count(DISTINCT address_bucket) >= $2::int AND max(created_at) > $3::timestamptz
    LIMIT 500`,
};

/** Looks through the failed sign-ins of the last minutes for what no single one shows. */
@Injectable()
export class AttemptPatterns {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly alerts: AlertsService,
    jobs: Jobs,
  ) {
    jobs.add({ name: 'attempt patterns', everySeconds: EVERY_SECONDS, run: () => this.look() });
  }

  private async look(): Promise<void> {
    const now = this.clock.now();
    const parameters = [
      addSeconds(now, -PATTERN_WINDOW_SECONDS),
      PATTERN_THRESHOLD,
      addSeconds(now, -2 * EVERY_SECONDS),
    ];
    const stuffing = await this.database.run<Stuffing>(FIND_STUFFING, parameters);
    for (const { address, total } of new Map(stuffing.map((row) => [row.address, row])).values())
      await this.raiseStuffing(null, address, total);
    // Each organization is told of its own accounts alone.
    for (const { address, organizationId, emails } of stuffing)
      if (organizationId !== null) await this.raiseStuffing(organizationId, address, emails);
    const spraying = await this.database.run<Spraying>(FIND_SPRAYING, parameters);
    for (const { userId, organizationId, addresses } of spraying) {
      const details = { userId, addresses };
      await this.alerts.raise({ kind: 'account_spraying', organizationId, subject: userId, details });
    }
  }

  private async raiseStuffing(organizationId: string | null, address: string, emails: number): Promise<void> {
    const details = { address, emails };
    await this.alerts.raise({ kind: 'credential_stuffing', organizationId, subject: address, details });
  }
}
