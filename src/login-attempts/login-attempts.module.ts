import { Module } from '@nestjs/common';
import { LoginAttemptsService } from './login-attempts.service.js';
import { RefusedAttempts } from './refused-attempts.js';

@Module({
  providers: [LoginAttemptsService, RefusedAttempts],
  exports: [LoginAttemptsService, RefusedAttempts],
})
export class LoginAttemptsModule {}
