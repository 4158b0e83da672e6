import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { AccessTokenGuard } from '../platform/access/access-token.guard.js';
import { Public } from '../platform/access/access.decorators.js';
import { RolesGuard } from '../platform/access/roles.guard.js';
import { SigningKeys } from '../platform/crypto/signing-keys.js';
import { ThrottlerGuard } from '../platform/limits/throttler.guard.js';

@Controller('.well-known')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class JwksController {
  constructor(private readonly signingKeys: SigningKeys) {}

  /**
   * RFC 7517 §5: the public halves of every key that still verifies. They are no secret and change rarely; a new key is
   * published before it signs (docs/operations.md), so five minutes in a cache lose nothing.
   */
  @Get('jwks.json')
  @Header('Cache-Control', 'public, max-age=300')
  @Public('public keys')
  jwks() {
    return { keys: this.signingKeys.keys.map(({ publicJwk }) => publicJwk) };
  }
}
