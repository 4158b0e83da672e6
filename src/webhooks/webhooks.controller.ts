import { Controller, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AccessTokenGuard } from '../platform/access/access-token.guard.js';
import { Public } from '../platform/access/access.decorators.js';
import { RolesGuard } from '../platform/access/roles.guard.js';
import { ReadsRawBody } from '../platform/http/body-kinds.js';
import { clientAddress } from '../platform/http/client-address.js';
import { Limits } from '../platform/limits/limits.decorators.js';
import { ThrottlerGuard } from '../platform/limits/throttler.guard.js';
import { WebhookGate } from './webhook-gate.js';

@Controller('webhooks')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class WebhooksController {
  constructor(private readonly gate: WebhookGate) {}

  @Post(':integrationId')
  @Public('the signature of the provider')
  @Limits('WEBHOOK')
  @ReadsRawBody()
  @HttpCode(200)
  receive(@Req() request: FastifyRequest) {
    // Not through the pipe, which would tell a malformed id from an unknown one.
    const { integrationId } = request.params as { integrationId: string };
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    return this.gate.receive(
      integrationId,
      { headers: request.raw.headersDistinct, body },
      { contentType: request.sentContentType, ipAddress: clientAddress(request) },
    );
  }
}
