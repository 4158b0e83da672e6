import { Module } from '@nestjs/common';
import { LoginAttemptsModule } from '../login-attempts/login-attempts.module.js';
import { OrganizationsModule } from '../organizations/organizations.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { EnrolmentReader } from '../platform/access/enrolment-reader.js';
import { TwoFactorModule } from '../two-factor/two-factor.module.js';
import { UsersModule } from '../users/users.module.js';
import { AuthController } from './auth.controller.js';
import { CaptchaService } from './captcha.service.js';
import { ChallengesService } from './challenges.service.js';
import { JwksController } from './jwks.controller.js';
import { EnrolmentController } from './enrolment.controller.js';
import { EnrolmentService } from './enrolment.service.js';
import { LoginService } from './login.service.js';
import { LoginAdmission } from './login-admission.js';
import { LoginLimits } from './login-limits.js';
import { LoginSteps } from './login-steps.js';
import { SprayDetector } from './spray-detector.js';
import { SecondFactorService } from './second-factor.service.js';
import { LogoutService } from './logout.service.js';
import { PasswordsService } from './passwords.service.js';
import { RegistrationService } from './registration.service.js';
import { SessionCookies } from './session-cookies.js';
import { StepUpService } from './step-up.service.js';

@Module({
  imports: [OrganizationsModule, UsersModule, SessionsModule, TwoFactorModule, LoginAttemptsModule],
  controllers: [AuthController, EnrolmentController, JwksController],
  providers: [
    RegistrationService,
    LoginService,
    LoginAdmission,
    LoginLimits,
    LoginSteps,
    SprayDetector,
    CaptchaService,
    SecondFactorService,
    EnrolmentService,
    { provide: EnrolmentReader, useExisting: EnrolmentService },
    ChallengesService,
    PasswordsService,
    StepUpService,
    LogoutService,
    SessionCookies,
  ],
})
export class AuthModule {}
