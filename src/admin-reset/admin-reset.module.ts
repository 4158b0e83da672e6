import { Module } from '@nestjs/common';
import { UsersModule } from '../users/users.module.js';
import { AdminResetController } from './admin-reset.controller.js';
import { AdminResetService } from './admin-reset.service.js';

@Module({ imports: [UsersModule], controllers: [AdminResetController], providers: [AdminResetService] })
export class AdminResetModule {}
