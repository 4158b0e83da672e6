import { Module, type DynamicModule } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AdminResetModule } from './admin-reset/admin-reset.module.js';
import { AlertsModule } from './alerts/alerts.module.js';
import { AuditModule } from './audit/audit.module.js';
import { AuthModule } from './auth/auth.module.js';
import { BalanceModule } from './balance/balance.module.js';
import { DocsModule } from './docs/docs.module.js';
import { ImportsModule } from './imports/imports.module.js';
import { IncidentsModule } from './incidents/incidents.module.js';
import { IntegrationsModule } from './integrations/integrations.module.js';
import { LoginAttemptsModule } from './login-attempts/login-attempts.module.js';
import { NoticesModule } from './notices/notices.module.js';
import { OrganizationsModule } from './organizations/organizations.module.js';
import { AccessModule } from './platform/access/access.module.js';
import { ClockModule } from './platform/clock/clock.module.js';
import { ConfigModule } from './platform/config/config.module.js';
import type { Config } from './platform/config/config.js';
import { CryptoModule } from './platform/crypto/crypto.module.js';
import type { DatabaseConnection } from './platform/database/database.js';
import { DatabaseModule } from './platform/database/database.module.js';
import { EventsModule } from './platform/events/events.module.js';
import { SignalsModule } from './platform/events/signals.module.js';
import { HttpModule } from './platform/http/http.module.js';
import { IdentityModule } from './platform/identity/identity.module.js';
import { JobsModule } from './platform/jobs/jobs.module.js';
import { LimitsModule } from './platform/limits/limits.module.js';
import { ObservabilityModule } from './platform/observability/observability.module.js';
import { MailModule } from './platform/mail/mail.module.js';
import { PasswordsModule } from './platform/passwords/passwords.module.js';
import { UndeclaredQueryGuard } from './platform/validation/undeclared-query.guard.js';
import { RetentionModule } from './retention/retention.module.js';
import { ServiceKeysModule } from './service-keys/service-keys.module.js';
import { SessionsModule } from './sessions/sessions.module.js';
import { TwoFactorModule } from './two-factor/two-factor.module.js';
import { UsersModule } from './users/users.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

/** The composition root: the only file that knows every module. */
@Module({})
export class AppModule {
  static forRoot(config: Config, connection: DatabaseConnection): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(config),
        DatabaseModule.forRoot(connection),
        ClockModule,
        CryptoModule,
        SignalsModule,
        EventsModule,
        HttpModule,
        IdentityModule,
        JobsModule,
        MailModule,
        PasswordsModule,
        LimitsModule,
        AccessModule,
        ObservabilityModule,
        OrganizationsModule,
        LoginAttemptsModule,
        SessionsModule,
        TwoFactorModule,
        UsersModule,
        AuthModule,
        AdminResetModule,
        AuditModule,
        AlertsModule,
        NoticesModule,
        BalanceModule,
        IntegrationsModule,
        ServiceKeysModule,
        WebhooksModule,
        ImportsModule,
        RetentionModule,
        IncidentsModule,
        DocsModule,
      ],
      providers: [{ provide: APP_GUARD, useClass: UndeclaredQueryGuard }],
    };
  }
}
