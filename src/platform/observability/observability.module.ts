import { Module } from '@nestjs/common';
import { HealthController } from './health.controller.js';
import { Metrics } from './metrics.js';
import { MetricsController } from './metrics.controller.js';
import { HealthService } from './health.service.js';

@Module({ controllers: [HealthController, MetricsController], providers: [HealthService, Metrics] })
export class ObservabilityModule {}
