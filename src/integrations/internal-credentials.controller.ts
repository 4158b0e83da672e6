import { Controller, Get, Param, Query, UseGuards } from '@nestjs/common';
import { AccessTokenGuard } from '../platform/access/access-token.guard.js';
import { CurrentService, ServiceScope } from '../platform/access/access.decorators.js';
import type { ServicePrincipal } from '../platform/access/principal.js';
import { RolesGuard } from '../platform/access/roles.guard.js';
import { Client, type ClientContext } from '../platform/http/client-context.js';
import { ThrottlerGuard } from '../platform/limits/throttler.guard.js';
import { CredentialsReader } from './credentials-reader.js';
import { ReadCredentialsQuery } from './dto/integration.dto.js';

@Controller('internal/integrations')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class InternalCredentialsController {
  constructor(private readonly credentials: CredentialsReader) {}

  @Get(':id/credentials')
  @ServiceScope('credentials:read')
  read(
    @CurrentService() service: ServicePrincipal,
    @Param('id') id: string,
    @Query() { purpose }: ReadCredentialsQuery,
    @Client() client: ClientContext,
  ) {
    return this.credentials.read(service, id, purpose, client);
  }
}
