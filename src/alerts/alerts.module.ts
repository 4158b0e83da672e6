import { Module } from '@nestjs/common';
import { AlertDelivery } from './alert-delivery.js';
import { AlertSources } from './alert-sources.js';
import { AlertsController } from './alerts.controller.js';
import { AlertsService } from './alerts.service.js';
import { AttemptPatterns } from './attempt-patterns.js';

@Module({
  controllers: [AlertsController],
  providers: [AlertsService, AlertSources, AttemptPatterns, AlertDelivery],
})
export class AlertsModule {}
