import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Database } from './database.js';

/** Tells the operator when the second fence between organizations is void (T-4.2, ASVS V13.2.2). */
@Injectable()
export class RowSecurityCheck {
  private readonly logger = new Logger('Database');

  constructor(
    private readonly config: Config,
    private readonly database: Database,
  ) {}

  /** Whether row security binds the application's role. */
  async holds(): Promise<boolean> {
    const [row] = await this.database.run<{ bound: boolean }>(
      {
        name: 'role_is_bound',
        text: 'SELECT NOT (rolsuper OR rolbypassrls) AS bound FROM pg_roles WHERE rolname = current_user',
      },
      [],
    );
    return row?.bound ?? false;
  }

  /** Warns in production; elsewhere a superuser is what people have at hand. */
  async warn(): Promise<void> {
    if (this.config.environment !== 'production' || (await this.holds())) return;
    this.logger.warn(
      this.database.kind === 'embedded'
        ? 'The embedded database has one user, whom row security does not bind: organizations are held apart by the client alone. Set DATABASE_URL.'
        : 'The role of DATABASE_URL is a superuser or bypasses row security: organizations are held apart by the client alone. "npm run cli -- db:roles" makes a role that is bound.',
    );
  }
}
