import { Body, Controller, Get, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AccessTokenGuard } from '../platform/access/access-token.guard.js';
import { AnyPerson, CurrentPrincipal, Public } from '../platform/access/access.decorators.js';
import type { Principal } from '../platform/access/principal.js';
import { RolesGuard } from '../platform/access/roles.guard.js';
import { Client, type ClientContext } from '../platform/http/client-context.js';
import { Limits } from '../platform/limits/limits.decorators.js';
import { ThrottlerGuard } from '../platform/limits/throttler.guard.js';
import {
  ChangePasswordDto,
  ForcedPasswordChangeDto,
  ForgotPasswordDto,
  LoginDto,
  RegisterDto,
  SecondFactorDto,
  StepUpDto,
} from './dto/auth.dto.js';
import { CaptchaService } from './captcha.service.js';
import { LoginService } from './login.service.js';
import { LogoutService } from './logout.service.js';
import { PasswordsService } from './passwords.service.js';
import { RegistrationService } from './registration.service.js';
import { SecondFactorService } from './second-factor.service.js';
import { SessionCookies } from './session-cookies.js';
import { StepUpService } from './step-up.service.js';

@Controller('auth')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class AuthController {
  constructor(
    private readonly registration: RegistrationService,
    private readonly logins: LoginService,
    private readonly captcha: CaptchaService,
    private readonly passwords: PasswordsService,
    private readonly secondFactors: SecondFactorService,
    private readonly stepUps: StepUpService,
    private readonly logouts: LogoutService,
    private readonly cookies: SessionCookies,
  ) {}

  @Post('register')
  @Public('anyone, if REGISTRATION is open')
  @Limits('REGISTER')
  @HttpCode(202)
  register(@Body() input: RegisterDto, @Client() client: ClientContext) {
    return this.registration.register(input, client);
  }

  @Post('login')
  @Public('anyone')
  @Limits('LOGIN_IP', 'LOGIN_EMAIL')
  @HttpCode(200)
  async login(
    @Body() input: LoginDto,
    @Client() client: ClientContext,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.cookies.answer(
      reply,
      await this.logins.login(input, this.cookies.readOwnBrowser(request, reply), client),
    );
  }

  @Get('captcha')
  @Public('anyone')
  createCaptcha() {
    return this.captcha.create();
  }

  @Post('two-factor')
  @Public('the challenge token')
  @HttpCode(200)
  async proveSecondFactor(
    @Body() input: SecondFactorDto,
    @Client() client: ClientContext,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.cookies.answer(
      reply,
      await this.secondFactors.prove(input, this.cookies.readBrowser(request), client),
    );
  }

  @Post('password-change')
  @Public('the challenge token')
  @HttpCode(200)
  async completeForcedChange(
    @Body() input: ForcedPasswordChangeDto,
    @Client() client: ClientContext,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.cookies.answer(
      reply,
      await this.passwords.completeForcedChange(input, this.cookies.readBrowser(request), client),
    );
  }

  @Post('refresh')
  @Public('the refresh cookie and the header X-Requested-With')
  @HttpCode(200)
  refresh(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    return this.cookies.refresh(request, reply);
  }

  @Post('logout')
  @Public('the refresh cookie and the header X-Requested-With, or an access token')
  @HttpCode(204)
  logout(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    return this.logouts.logout(request, reply);
  }

  @Post('forgot-password')
  @Public('anyone')
  @Limits('FORGOT_PASSWORD')
  @HttpCode(202)
  requestHelp(@Body() input: ForgotPasswordDto, @Client() client: ClientContext) {
    return this.passwords.requestHelp(input.email, client);
  }

  @Post('change-password')
  @AnyPerson()
  @HttpCode(204)
  async changePassword(
    @CurrentPrincipal() principal: Principal,
    @Body() input: ChangePasswordDto,
    @Client() client: ClientContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    this.cookies.keep(reply, principal.email, await this.passwords.change(principal, input, client));
  }

  @Post('step-up')
  @AnyPerson()
  @HttpCode(200)
  stepUp(
    @CurrentPrincipal() principal: Principal,
    @Body() input: StepUpDto,
    @Client() client: ClientContext,
  ) {
    return this.stepUps.stepUp(principal, input, client);
  }
}
