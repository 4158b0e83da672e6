import { Module } from '@nestjs/common';
import { AccessTokenStrategy } from '../platform/access/access-token.strategy.js';
import { PrincipalReader } from '../platform/access/principal-reader.js';
import { LiveSessionReader } from './live-session-reader.js';
import { RefreshRotation } from './refresh-rotation.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsService } from './sessions.service.js';

@Module({
  controllers: [SessionsController],
  providers: [
    SessionsService,
    RefreshRotation,
    AccessTokenStrategy,
    { provide: PrincipalReader, useClass: LiveSessionReader },
  ],
  exports: [SessionsService, RefreshRotation, PrincipalReader],
})
export class SessionsModule {}
