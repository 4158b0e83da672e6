import { Controller, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { AccessTokenGuard } from '../platform/access/access-token.guard.js';
import { CurrentPrincipal, Roles } from '../platform/access/access.decorators.js';
import type { Principal } from '../platform/access/principal.js';
import { RolesGuard } from '../platform/access/roles.guard.js';
import { Client, type ClientContext } from '../platform/http/client-context.js';
import { ThrottlerGuard } from '../platform/limits/throttler.guard.js';
import { AlertsService } from './alerts.service.js';
import { AlertsQuery } from './dto/alerts.dto.js';

@Controller('audit/alerts')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class AlertsController {
  constructor(private readonly alerts: AlertsService) {}

  @Get()
  @Roles('ADMIN')
  list(@CurrentPrincipal() principal: Principal, @Query() query: AlertsQuery) {
    return this.alerts.list(principal, query);
  }

  @Post(':id/acknowledge')
  @Roles('ADMIN')
  @HttpCode(200)
  acknowledge(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Client() client: ClientContext,
  ) {
    return this.alerts.acknowledge(principal, id, client);
  }
}
