import { Module } from '@nestjs/common';
import { RetentionClock } from './retention-clock.js';
import { RetentionService } from './retention.service.js';

@Module({ providers: [RetentionService, RetentionClock], exports: [RetentionService, RetentionClock] })
export class RetentionModule {}
