import { Controller, Delete, Get, HttpCode, Param, Query, UseGuards } from '@nestjs/common';
import { AccessTokenGuard } from '../platform/access/access-token.guard.js';
import { AnyPerson, CurrentPrincipal } from '../platform/access/access.decorators.js';
import type { Principal } from '../platform/access/principal.js';
import { RolesGuard } from '../platform/access/roles.guard.js';
import { Client, type ClientContext } from '../platform/http/client-context.js';
import { ThrottlerGuard } from '../platform/limits/throttler.guard.js';
import { PageQuery } from '../platform/validation/page-query.js';
import { EndSessionsQuery } from './dto/end-sessions.query.js';
import { SessionsService } from './sessions.service.js';

@Controller('sessions')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class SessionsController {
  constructor(private readonly sessions: SessionsService) {}

  @Get()
  @AnyPerson()
  list(@CurrentPrincipal() principal: Principal, @Query() page: PageQuery) {
    return this.sessions.list(principal, page);
  }

  @Delete(':id')
  @AnyPerson()
  @HttpCode(204)
  revoke(@CurrentPrincipal() principal: Principal, @Param('id') id: string, @Client() client: ClientContext) {
    return this.sessions.revoke(principal, id, client);
  }

  @Delete()
  @AnyPerson()
  async revokeAll(
    @CurrentPrincipal() principal: Principal,
    @Query() query: EndSessionsQuery,
    @Client() client: ClientContext,
  ) {
    return { revoked: await this.sessions.revokeAll(principal, query.keep, client) };
  }
}
