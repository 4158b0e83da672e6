import { Body, Controller, Get, Header, HttpCode, Post, Query, UseGuards } from '@nestjs/common';
import { AccessTokenGuard } from '../platform/access/access-token.guard.js';
import { CurrentService, ServiceScope } from '../platform/access/access.decorators.js';
import type { ServicePrincipal } from '../platform/access/principal.js';
import { RolesGuard } from '../platform/access/roles.guard.js';
import { ThrottlerGuard } from '../platform/limits/throttler.guard.js';
import { AcknowledgeEventsDto, PullEventsQuery } from './dto/webhooks.dto.js';
import { writeDeliveredEvents } from './delivered-event.js';
import { WebhookEventsService } from './webhook-events.service.js';

@Controller('internal/webhook-events')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class InternalWebhookEventsController {
  constructor(private readonly events: WebhookEventsService) {}

  @Get()
  @ServiceScope('webhooks:read')
  @Header('Content-Type', 'application/json; charset=utf-8')
  async pull(@CurrentService() service: ServicePrincipal, @Query() query: PullEventsQuery) {
    return writeDeliveredEvents(await this.events.pull(service, query));
  }

  @Post('acknowledge')
  @ServiceScope('webhooks:read')
  @HttpCode(200)
  acknowledge(@CurrentService() service: ServicePrincipal, @Body() { ids }: AcknowledgeEventsDto) {
    return this.events.acknowledge(service, ids);
  }
}
