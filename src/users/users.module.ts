import { Module } from '@nestjs/common';
import { LoginAttemptsModule } from '../login-attempts/login-attempts.module.js';
import { OrganizationsModule } from '../organizations/organizations.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { TwoFactorModule } from '../two-factor/two-factor.module.js';
import { AdminCreation } from './admin-creation.js';
import { CredentialsService } from './credentials.service.js';
import { PeopleImport } from './people-import.js';
import { UserAdministration } from './user-administration.js';
import { UsersController } from './users.controller.js';
import { UsersService } from './users.service.js';

@Module({
  imports: [OrganizationsModule, SessionsModule, TwoFactorModule, LoginAttemptsModule],
  controllers: [UsersController],
  providers: [UsersService, UserAdministration, CredentialsService, AdminCreation, PeopleImport],
  exports: [UsersService, CredentialsService, AdminCreation, PeopleImport],
})
export class UsersModule {}
