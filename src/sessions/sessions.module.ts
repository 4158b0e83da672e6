import { Module } from '@nestjs/common';
import { AccessTokenStrategy } from '../platform/access/access-token.strategy.js';
import { PrincipalReader } from '../platform/access/principal-reader.js';
import { LiveSessionReader } from './live-session-reader.js';
import { ProofTries } from './proof-tries.js';
import { RefreshRotation } from './refresh-rotation.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsService } from './sessions.service.js';

@Module({
  controllers: [SessionsController],
  providers: [
    SessionsService,
    RefreshRotation,
    ProofTries,
    AccessTokenStrategy,
    { provide: PrincipalReader, useClass: LiveSessionReader },
  ],
  exports: [SessionsService, RefreshRotation, ProofTries, PrincipalReader],
})
export class SessionsModule {}
