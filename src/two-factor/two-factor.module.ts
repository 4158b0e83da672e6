import { Module } from '@nestjs/common';
import { SessionsModule } from '../sessions/sessions.module.js';
import { BackupCodeTrail } from './backup-code-trail.js';
import { FactorAttempts } from './factor-attempts.js';
import { LoginFactorProof } from './login-factor-proof.js';
import { RememberedDevicesService } from './remembered-devices.service.js';
import { SessionFactorProof } from './session-factor-proof.js';
import { TwoFactorController } from './two-factor.controller.js';
import { TwoFactorService } from './two-factor.service.js';

@Module({
  imports: [SessionsModule],
  controllers: [TwoFactorController],
  providers: [
    TwoFactorService,
    SessionFactorProof,
    LoginFactorProof,
    FactorAttempts,
    BackupCodeTrail,
    RememberedDevicesService,
  ],
  exports: [TwoFactorService, SessionFactorProof, LoginFactorProof, RememberedDevicesService],
})
export class TwoFactorModule {}
