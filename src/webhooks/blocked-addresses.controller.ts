import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { AccessTokenGuard } from '../platform/access/access-token.guard.js';
import { CurrentPrincipal, Roles } from '../platform/access/access.decorators.js';
import type { Principal } from '../platform/access/principal.js';
import { RolesGuard } from '../platform/access/roles.guard.js';
import { Client, type ClientContext } from '../platform/http/client-context.js';
import { ThrottlerGuard } from '../platform/limits/throttler.guard.js';
import { PageQuery } from '../platform/validation/page-query.js';
import { BlockedAddressesService } from './blocked-addresses.service.js';
import { BlockAddressDto } from './dto/webhooks.dto.js';

@Controller('admin/blocked-addresses')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class BlockedAddressesController {
  constructor(private readonly addresses: BlockedAddressesService) {}

  @Get()
  @Roles('ADMIN')
  list(@CurrentPrincipal() principal: Principal, @Query() page: PageQuery) {
    return this.addresses.list(principal, page);
  }

  @Post()
  @Roles('ADMIN')
  block(
    @CurrentPrincipal() principal: Principal,
    @Body() input: BlockAddressDto,
    @Client() client: ClientContext,
  ) {
    return this.addresses.block(principal, input, client);
  }

  @Delete(':id')
  @Roles('ADMIN')
  @HttpCode(204)
  unblock(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Client() client: ClientContext,
  ) {
    return this.addresses.unblock(principal, id, client);
  }
}
