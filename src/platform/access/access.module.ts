import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { JwtModule } from '@nestjs/jwt';
import { PassportModule } from '@nestjs/passport';
import { AccessTokens } from './access-tokens.js';

/** Signing and checking of access tokens; the strategy itself is wired where the `PrincipalReader` is (sessions). */
@Global()
@Module({
  imports: [DiscoveryModule, PassportModule, JwtModule.register({})],
  providers: [AccessTokens],
  exports: [AccessTokens, DiscoveryModule],
})
export class AccessModule {}
