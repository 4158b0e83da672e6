import { Body, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { AccessTokenGuard } from '../platform/access/access-token.guard.js';
import { CurrentService, ServiceScope } from '../platform/access/access.decorators.js';
import type { ServicePrincipal } from '../platform/access/principal.js';
import { RolesGuard } from '../platform/access/roles.guard.js';
import { ThrottlerGuard } from '../platform/limits/throttler.guard.js';
import { IntrospectDto } from './dto/service-key.dto.js';
import { IntrospectionService } from './introspection.service.js';

@Controller('internal/tokens')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class IntrospectionController {
  constructor(private readonly introspection: IntrospectionService) {}

  @Post('introspect')
  @ServiceScope('tokens:introspect')
  @HttpCode(200)
  introspect(@CurrentService() service: ServicePrincipal, @Body() { token }: IntrospectDto) {
    return this.introspection.introspect(service, token);
  }
}
