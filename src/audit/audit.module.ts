import { Module } from '@nestjs/common';
import { LoginAttemptsModule } from '../login-attempts/login-attempts.module.js';
import { AuditController } from './audit.controller.js';
import { AuditVerification } from './audit-verification.js';
import { EventTrail } from './event-trail.js';
import { LoginAttemptHistory } from './login-attempt-history.js';
import { OwnLoginAttemptsController } from './own-login-attempts.controller.js';

@Module({
  imports: [LoginAttemptsModule],
  controllers: [AuditController, OwnLoginAttemptsController],
  providers: [LoginAttemptHistory, EventTrail, AuditVerification],
  exports: [AuditVerification],
})
export class AuditModule {}
