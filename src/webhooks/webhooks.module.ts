import { Module } from '@nestjs/common';
import { IntegrationsModule } from '../integrations/integrations.module.js';
import { BlockedAddressesController } from './blocked-addresses.controller.js';
import { BlockedAddressesService } from './blocked-addresses.service.js';
import { InternalWebhookEventsController } from './internal-webhook-events.controller.js';
import { WebhookEventsController } from './webhook-events.controller.js';
import { WebhookEventsService } from './webhook-events.service.js';
import { WebhookFailures } from './webhook-failures.js';
import { WebhookGate } from './webhook-gate.js';
import { WebhookStore } from './webhook-store.js';
import { WebhooksController } from './webhooks.controller.js';

@Module({
  imports: [IntegrationsModule],
  controllers: [
    WebhooksController,
    WebhookEventsController,
    InternalWebhookEventsController,
    BlockedAddressesController,
  ],
  providers: [WebhookGate, WebhookStore, WebhookEventsService, WebhookFailures, BlockedAddressesService],
  exports: [BlockedAddressesService],
})
export class WebhooksModule {}
