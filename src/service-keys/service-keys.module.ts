import { Module } from '@nestjs/common';
import { ServiceKeyReader } from '../platform/access/service-key-reader.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { IntrospectionController } from './introspection.controller.js';
import { IntrospectionService } from './introspection.service.js';
import { ServiceKeyLookup } from './service-key-lookup.js';
import { ServiceKeysController } from './service-keys.controller.js';
import { ServiceKeysService } from './service-keys.service.js';

@Module({
  imports: [SessionsModule],
  controllers: [ServiceKeysController, IntrospectionController],
  providers: [
    ServiceKeysService,
    IntrospectionService,
    { provide: ServiceKeyReader, useClass: ServiceKeyLookup },
  ],
})
export class ServiceKeysModule {}
