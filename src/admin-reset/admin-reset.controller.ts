import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { AccessTokenGuard } from '../platform/access/access-token.guard.js';
import { CurrentPrincipal, Roles, StepUp } from '../platform/access/access.decorators.js';
import type { Principal } from '../platform/access/principal.js';
import { RolesGuard } from '../platform/access/roles.guard.js';
import { Client, type ClientContext } from '../platform/http/client-context.js';
import { ThrottlerGuard } from '../platform/limits/throttler.guard.js';
import { PageQuery } from '../platform/validation/page-query.js';
import { AdminResetService } from './admin-reset.service.js';
import { DismissResetDto, IssueTemporaryPasswordDto } from './dto/admin-reset.dto.js';

@Controller('admin/password-resets')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class AdminResetController {
  constructor(private readonly resets: AdminResetService) {}

  @Get()
  @Roles('ADMIN')
  list(@CurrentPrincipal() principal: Principal, @Query() page: PageQuery) {
    return this.resets.list(principal, page);
  }

  @Post(':userId/temporary-password')
  @Roles('ADMIN')
  @StepUp()
  issueTemporaryPassword(
    @CurrentPrincipal() principal: Principal,
    @Param('userId') userId: string,
    @Body() { replace }: IssueTemporaryPasswordDto,
    @Client() client: ClientContext,
  ) {
    return this.resets.issueTemporaryPassword(principal, userId, replace, client);
  }

  @Delete(':userId')
  @Roles('ADMIN')
  @HttpCode(204)
  dismiss(
    @CurrentPrincipal() principal: Principal,
    @Param('userId') userId: string,
    @Body() input: DismissResetDto,
    @Client() client: ClientContext,
  ) {
    return this.resets.dismiss(principal, userId, input.reason, client);
  }
}
