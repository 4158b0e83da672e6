import { Module } from '@nestjs/common';
import { CredentialsReader } from './credentials-reader.js';
import { IntegrationsController } from './integrations.controller.js';
import { IntegrationsService } from './integrations.service.js';
import { InternalCredentialsController } from './internal-credentials.controller.js';

@Module({
  controllers: [IntegrationsController, InternalCredentialsController],
  providers: [IntegrationsService, CredentialsReader],
  exports: [IntegrationsService],
})
export class IntegrationsModule {}
