import { Module } from '@nestjs/common';
import { UsersModule } from '../users/users.module.js';
import { AccountCompromise } from './account-compromise.js';
import { CredentialReset } from './credential-reset.js';
import { DatabaseLeak } from './database-leak.js';
import { TokenRevocation } from './token-revocation.js';

@Module({
  imports: [UsersModule],
  providers: [DatabaseLeak, CredentialReset, TokenRevocation, AccountCompromise],
  exports: [DatabaseLeak, AccountCompromise],
})
export class IncidentsModule {}
