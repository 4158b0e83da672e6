import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Patch,
  Post,
  Query,
  UseGuards,
} from '@nestjs/common';
import { AccessTokenGuard } from '../platform/access/access-token.guard.js';
import { AnyPerson, CurrentPrincipal, Roles, StepUp } from '../platform/access/access.decorators.js';
import type { Principal } from '../platform/access/principal.js';
import { RolesGuard } from '../platform/access/roles.guard.js';
import { Client, type ClientContext } from '../platform/http/client-context.js';
import { ThrottlerGuard } from '../platform/limits/throttler.guard.js';
import { CreateIntegrationDto, ListIntegrationsQuery, UpdateIntegrationDto } from './dto/integration.dto.js';
import { IntegrationsService } from './integrations.service.js';

@Controller('integrations')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class IntegrationsController {
  constructor(private readonly integrations: IntegrationsService) {}

  @Post()
  @Roles('ADMIN')
  create(
    @CurrentPrincipal() principal: Principal,
    @Body() input: CreateIntegrationDto,
    @Client() client: ClientContext,
  ) {
    return this.integrations.create(principal, input, client);
  }

  @Get()
  @AnyPerson()
  list(@CurrentPrincipal() principal: Principal, @Query() query: ListIntegrationsQuery) {
    return this.integrations.list(principal, query);
  }

  @Get(':id')
  @AnyPerson()
  get(@CurrentPrincipal() principal: Principal, @Param('id') id: string) {
    return this.integrations.get(principal, id);
  }

  @Patch(':id')
  @Roles('ADMIN')
  update(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Body() input: UpdateIntegrationDto,
    @Client() client: ClientContext,
  ) {
    return this.integrations.update(principal, id, input, client);
  }

  @Delete(':id')
  @Roles('ADMIN')
  @StepUp()
  @HttpCode(204)
  remove(@CurrentPrincipal() principal: Principal, @Param('id') id: string, @Client() client: ClientContext) {
    return this.integrations.remove(principal, id, client);
  }
}
