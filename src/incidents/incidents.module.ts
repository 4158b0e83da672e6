import { Module } from '@nestjs/common';
import { UsersModule } from '../users/users.module.js';
import { AccountCompromise } from './account-compromise.js';
import { DatabaseLeak } from './database-leak.js';

@Module({
  imports: [UsersModule],
  providers: [DatabaseLeak, AccountCompromise],
  exports: [DatabaseLeak, AccountCompromise],
})
export class IncidentsModule {}
