import { Controller, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { AccessTokenGuard } from '../platform/access/access-token.guard.js';
import { CurrentPrincipal, Roles } from '../platform/access/access.decorators.js';
import type { Principal } from '../platform/access/principal.js';
import { RolesGuard } from '../platform/access/roles.guard.js';
import { Client, type ClientContext } from '../platform/http/client-context.js';
import { ThrottlerGuard } from '../platform/limits/throttler.guard.js';
import { PageQuery } from '../platform/validation/page-query.js';
import { WebhookEventsService } from './webhook-events.service.js';
import { WebhookFailures } from './webhook-failures.js';

@Controller('integrations/:id')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class WebhookEventsController {
  constructor(
    private readonly events: WebhookEventsService,
    private readonly failures: WebhookFailures,
  ) {}

  @Get('webhook-events')
  @Roles('ADMIN')
  list(@CurrentPrincipal() principal: Principal, @Param('id') id: string, @Query() page: PageQuery) {
    return this.events.list(principal, id, page);
  }

  @Post('webhook-events/:eventId/replay')
  @Roles('ADMIN')
  @HttpCode(204)
  replay(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Param('eventId') eventId: string,
    @Client() client: ClientContext,
  ) {
    return this.events.replay(principal, id, eventId, client);
  }

  @Get('webhook-failures')
  @Roles('ADMIN')
  listFailures(
    @CurrentPrincipal() { organizationId }: Principal,
    @Param('id') id: string,
    @Query() page: PageQuery,
  ) {
    return this.failures.list(organizationId, id, page);
  }
}
