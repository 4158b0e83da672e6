import { Body, Controller, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AccessTokenGuard } from '../platform/access/access-token.guard.js';
import {
  AnyPerson,
  CurrentPrincipal,
  OrEnrolmentChallenge,
  StepUp,
} from '../platform/access/access.decorators.js';
import type { Principal } from '../platform/access/principal.js';
import { RolesGuard } from '../platform/access/roles.guard.js';
import { Client, type ClientContext } from '../platform/http/client-context.js';
import { ThrottlerGuard } from '../platform/limits/throttler.guard.js';
import { TwoFactorService } from '../two-factor/two-factor.service.js';
import { EnableTwoFactorDto, SetupTwoFactorDto } from './dto/auth.dto.js';
import { EnrolmentService } from './enrolment.service.js';
import { SessionCookies } from './session-cookies.js';

/** The two routes of the second factor that may complete a login. */
@Controller('two-factor')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class EnrolmentController {
  constructor(
    private readonly twoFactor: TwoFactorService,
    private readonly enrolments: EnrolmentService,
    private readonly cookies: SessionCookies,
  ) {}

  @Post('setup')
  @AnyPerson()
  @OrEnrolmentChallenge()
  @StepUp()
  @HttpCode(200)
  setup(
    @CurrentPrincipal() principal: Principal,
    @Body() input: SetupTwoFactorDto,
    @Client() client: ClientContext,
  ) {
    return this.twoFactor.beginSetup(principal, input, client);
  }

  @Post('enable')
  @AnyPerson()
  @OrEnrolmentChallenge()
  @StepUp()
  @HttpCode(200)
  async enable(
    @CurrentPrincipal() principal: Principal,
    @Body() input: EnableTwoFactorDto,
    @Client() client: ClientContext,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { backupCodes, login, refresh } = await this.enrolments.enable(
      principal,
      input.code,
      this.cookies.readBrowser(request),
      client,
    );
    if (refresh !== null) this.cookies.set(reply, refresh);
    return { backupCodes, ...(login && this.cookies.answer(reply, login)) };
  }
}
