import { Body, Controller, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { AccessTokenGuard } from '../platform/access/access-token.guard.js';
import { CurrentService, ServiceScope } from '../platform/access/access.decorators.js';
import type { ServicePrincipal } from '../platform/access/principal.js';
import { RolesGuard } from '../platform/access/roles.guard.js';
import { ThrottlerGuard } from '../platform/limits/throttler.guard.js';
import { BalanceService } from './balance.service.js';
import { MovementDto } from './dto/balance.dto.js';

@Controller('internal/users')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class InternalBalanceController {
  constructor(private readonly balances: BalanceService) {}

  @Post(':id/token-balance/debit')
  @ServiceScope('balance:debit')
  @HttpCode(200)
  debit(
    @CurrentService() service: ServicePrincipal,
    @Param('id') userId: string,
    @Body() input: MovementDto,
  ) {
    return this.balances.debit(service, userId, input);
  }
}
