import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { AccessTokenGuard } from '../platform/access/access-token.guard.js';
import { AnyPerson, CurrentPrincipal, StepUp } from '../platform/access/access.decorators.js';
import type { Principal } from '../platform/access/principal.js';
import { RolesGuard } from '../platform/access/roles.guard.js';
import { Client, type ClientContext } from '../platform/http/client-context.js';
import { ThrottlerGuard } from '../platform/limits/throttler.guard.js';
import { PageQuery } from '../platform/validation/page-query.js';
import { DisableTwoFactorDto, TotpCodeDto } from './dto/two-factor.dto.js';
import { RememberedDevicesService } from './remembered-devices.service.js';
import { TwoFactorService } from './two-factor.service.js';

/** The factor of a signed-in person. Setup and enable, which may complete a login, are in auth/enrolment.controller.ts. */
@Controller('two-factor')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class TwoFactorController {
  constructor(
    private readonly twoFactor: TwoFactorService,
    private readonly devices: RememberedDevicesService,
  ) {}

  @Get()
  @AnyPerson()
  status(@CurrentPrincipal() principal: Principal) {
    return this.twoFactor.status(principal);
  }

  @Post('disable')
  @AnyPerson()
  @StepUp()
  @HttpCode(204)
  disable(
    @CurrentPrincipal() principal: Principal,
    @Body() input: DisableTwoFactorDto,
    @Client() client: ClientContext,
  ) {
    return this.twoFactor.disable(principal, input, client);
  }

  @Post('backup-codes')
  @AnyPerson()
  @StepUp()
  @HttpCode(200)
  async regenerateBackupCodes(
    @CurrentPrincipal() principal: Principal,
    @Body() input: TotpCodeDto,
    @Client() client: ClientContext,
  ) {
    return { backupCodes: await this.twoFactor.regenerateBackupCodes(principal, input.code, client) };
  }

  @Get('devices')
  @AnyPerson()
  listDevices(@CurrentPrincipal() principal: Principal, @Query() page: PageQuery) {
    return this.devices.list(principal, page);
  }

  @Delete('devices/:id')
  @AnyPerson()
  @HttpCode(204)
  revokeDevice(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Client() client: ClientContext,
  ) {
    return this.devices.revoke(principal, id, client);
  }

  @Delete('devices')
  @AnyPerson()
  async revokeAllDevices(@CurrentPrincipal() principal: Principal, @Client() client: ClientContext) {
    return { revoked: await this.devices.revokeAll(principal, client) };
  }
}
