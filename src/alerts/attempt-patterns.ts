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

/** Addresses that failed with many accounts, and how many of each organization. $1 since when, $2 the threshold. */
const FIND_STUFFING: Statement = {
  name: 'find_credential_stuffing',
  text: `
    WITH failed AS (
      SELECT DISTINCT address_bucket, email, organization_id FROM benteng.login_attempts
      WHERE created_at > $1::timestamptz AND NOT success
    ), loud AS (
      SELECT address_bucket, count(DISTINCT email)::int AS total FROM failed
      GROUP BY address_bucket HAVING count(DISTINCT email) >= $2::int
    )
    SELECT address_bucket AS address, organization_id AS "organizationId", count(DISTINCT email)::int AS emails, total
    FROM failed JOIN loud USING (address_bucket)
    GROUP BY address_bucket, organization_id, total
    LIMIT 500`,
};

/** Accounts that many addresses failed with. $1 since when, $2 the threshold. */
const FIND_SPRAYING: Statement = {
  name: 'find_account_spraying',
  text: `
    SELECT user_id AS "userId", organization_id AS "organizationId", count(DISTINCT address_bucket)::int AS addresses
    FROM benteng.login_attempts
    WHERE created_at > $1::timestamptz AND NOT success AND user_id IS NOT NULL
    GROUP BY user_id, organization_id HAVING count(DISTINCT address_bucket) >= $2::int
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
    const parameters = [addSeconds(this.clock.now(), -PATTERN_WINDOW_SECONDS), PATTERN_THRESHOLD];
    for (const found of await this.database.run<Stuffing>(FIND_STUFFING, parameters))
      await this.raiseStuffing(found);
    for (const { userId, organizationId, addresses } of await this.database.run<Spraying>(
      FIND_SPRAYING,
      parameters,
    )) {
      const details = { userId, addresses };
      await this.alerts.raise({ kind: 'account_spraying', organizationId, subject: userId, details });
    }
  }

  /** Each organization is told of its own accounts alone; the installation of all. */
  private async raiseStuffing({ address, organizationId, emails, total }: Stuffing): Promise<void> {
    const kind = 'credential_stuffing';
    const subject = address;
    await this.alerts.raise({ kind, organizationId: null, subject, details: { address, emails: total } });
    if (organizationId === null) return;
    await this.alerts.raise({ kind, organizationId, subject, details: { address, emails } });
  }
}
