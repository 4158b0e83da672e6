import { Module } from '@nestjs/common';
import { BalanceController } from './balance.controller.js';
import { BalanceService } from './balance.service.js';
import { InternalBalanceController } from './internal-balance.controller.js';

@Module({ controllers: [BalanceController, InternalBalanceController], providers: [BalanceService] })
export class BalanceModule {}
