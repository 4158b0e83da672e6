import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { AccessTokenGuard } from '../platform/access/access-token.guard.js';
import { CurrentPrincipal, Roles, StepUp } from '../platform/access/access.decorators.js';
import type { Principal } from '../platform/access/principal.js';
import { RolesGuard } from '../platform/access/roles.guard.js';
import { Client, type ClientContext } from '../platform/http/client-context.js';
import { ThrottlerGuard } from '../platform/limits/throttler.guard.js';
import { PageQuery } from '../platform/validation/page-query.js';
import { CreateServiceKeyDto } from './dto/service-key.dto.js';
import { ServiceKeysService } from './service-keys.service.js';

@Controller('service-keys')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class ServiceKeysController {
  constructor(private readonly keys: ServiceKeysService) {}

  @Get()
  @Roles('ADMIN')
  @StepUp()
  list(@CurrentPrincipal() principal: Principal, @Query() page: PageQuery) {
    return this.keys.list(principal, page);
  }

  @Post()
  @Roles('ADMIN')
  @StepUp()
  create(
    @CurrentPrincipal() principal: Principal,
    @Body() input: CreateServiceKeyDto,
    @Client() client: ClientContext,
  ) {
    return this.keys.create(principal, input, client);
  }

  @Delete(':id')
  @Roles('ADMIN')
  @StepUp()
  @HttpCode(204)
  remove(@CurrentPrincipal() principal: Principal, @Param('id') id: string, @Client() client: ClientContext) {
    return this.keys.remove(principal, id, client);
  }
}
