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
import { CreateUserDto, ListUsersQuery, UpdateMeDto, UpdateUserDto } from './dto/user.dto.js';
import { UserAdministration } from './user-administration.js';
import { UsersService } from './users.service.js';

@Controller('users')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class UsersController {
  constructor(
    private readonly users: UsersService,
    private readonly administration: UserAdministration,
  ) {}

  @Get('me')
  @AnyPerson()
  getOwn(@CurrentPrincipal() principal: Principal) {
    return this.users.getOwn(principal);
  }

  @Patch('me')
  @AnyPerson()
  updateOwn(
    @CurrentPrincipal() principal: Principal,
    @Body() input: UpdateMeDto,
    @Client() client: ClientContext,
  ) {
    return this.users.updateOwn(principal, input, client);
  }

  @Get()
  @Roles('ADMIN')
  list(@CurrentPrincipal() principal: Principal, @Query() query: ListUsersQuery) {
    return this.users.list(principal, query);
  }

  @Post()
  @Roles('ADMIN')
  create(
    @CurrentPrincipal() principal: Principal,
    @Body() input: CreateUserDto,
    @Client() client: ClientContext,
  ) {
    return this.users.create(principal, input, client);
  }

  @Get(':id')
  @AnyPerson()
  get(@CurrentPrincipal() principal: Principal, @Param('id') id: string) {
    return this.users.get(principal, id);
  }

  @Patch(':id')
  @Roles('ADMIN')
  @StepUp()
  update(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Body() input: UpdateUserDto,
    @Client() client: ClientContext,
  ) {
    return this.administration.update(principal, id, input, client);
  }

  @Delete(':id')
  @Roles('ADMIN')
  @StepUp()
  @HttpCode(204)
  remove(@CurrentPrincipal() principal: Principal, @Param('id') id: string, @Client() client: ClientContext) {
    return this.administration.remove(principal, id, client);
  }

  @Post(':id/unlock')
  @Roles('ADMIN')
  @HttpCode(204)
  unlock(@CurrentPrincipal() principal: Principal, @Param('id') id: string, @Client() client: ClientContext) {
    return this.administration.unlock(principal, id, client);
  }

  @Delete(':id/sessions')
  @Roles('ADMIN')
  async endSessions(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Client() client: ClientContext,
  ) {
    return { revoked: await this.administration.endSessions(principal, id, client) };
  }

  @Delete(':id/two-factor')
  @Roles('ADMIN')
  @StepUp()
  @HttpCode(204)
  removeTwoFactor(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Client() client: ClientContext,
  ) {
    return this.administration.removeTwoFactor(principal, id, client);
  }
}
