import { Controller, Get, UseGuards } from '@nestjs/common';
import { AccessTokenGuard } from '../access/access-token.guard.js';
import { Public } from '../access/access.decorators.js';
import { RolesGuard } from '../access/roles.guard.js';
import { Unlimited } from '../limits/limits.decorators.js';
import { ThrottlerGuard } from '../limits/throttler.guard.js';
import { HealthService } from './health.service.js';

@Controller('health')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get('live')
  @Public('tells only that the process answers')
  @Unlimited('probes ask often and it costs nothing')
  live() {
    return { status: 'ok' };
  }

  @Get('ready')
  @Public('tells only whether requests can be served')
  @Unlimited('probes ask often; the answer is shared for a moment')
  async ready() {
    return this.health.readiness();
  }
}
