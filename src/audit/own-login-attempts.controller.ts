import { Controller, Get, Query, UseGuards } from '@nestjs/common';
import { AccessTokenGuard } from '../platform/access/access-token.guard.js';
import { AnyPerson, CurrentPrincipal } from '../platform/access/access.decorators.js';
import type { Principal } from '../platform/access/principal.js';
import { RolesGuard } from '../platform/access/roles.guard.js';
import { ThrottlerGuard } from '../platform/limits/throttler.guard.js';
import { OwnAttemptsQuery } from './dto/audit.dto.js';
import { LoginAttemptHistory } from './login-attempt-history.js';

@Controller('users/me/login-attempts')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class OwnLoginAttemptsController {
  constructor(private readonly attempts: LoginAttemptHistory) {}

  @Get()
  @AnyPerson()
  list(@CurrentPrincipal() principal: Principal, @Query() query: OwnAttemptsQuery) {
    return this.attempts.listOwn(principal, query);
  }
}
