import { Body, Controller, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { AccessTokenGuard } from '../platform/access/access-token.guard.js';
import { AnyPerson, CurrentPrincipal, Roles } from '../platform/access/access.decorators.js';
import type { Principal } from '../platform/access/principal.js';
import { RolesGuard } from '../platform/access/roles.guard.js';
import { Client, type ClientContext } from '../platform/http/client-context.js';
import { ThrottlerGuard } from '../platform/limits/throttler.guard.js';
import { PageQuery } from '../platform/validation/page-query.js';
import { BalanceService } from './balance.service.js';
import { MovementDto } from './dto/balance.dto.js';

@Controller('users')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class BalanceController {
  constructor(private readonly balances: BalanceService) {}

  @Get('me/token-balance')
  @AnyPerson()
  listOwn(@CurrentPrincipal() { organizationId, userId }: Principal, @Query() page: PageQuery) {
    return this.balances.list(organizationId, userId, page);
  }

  @Get(':id/token-balance')
  @Roles('ADMIN')
  list(
    @CurrentPrincipal() { organizationId }: Principal,
    @Param('id') userId: string,
    @Query() page: PageQuery,
  ) {
    return this.balances.list(organizationId, userId, page);
  }

  @Post(':id/token-balance')
  @Roles('ADMIN')
  @HttpCode(200)
  credit(
    @CurrentPrincipal() principal: Principal,
    @Param('id') userId: string,
    @Body() input: MovementDto,
    @Client() client: ClientContext,
  ) {
    return this.balances.credit(principal, userId, input, client);
  }
}
