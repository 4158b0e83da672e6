import { Controller, Get, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AccessTokenGuard } from '../access/access-token.guard.js';
import { Public } from '../access/access.decorators.js';
import { RolesGuard } from '../access/roles.guard.js';
import { Config } from '../config/config.js';
import { equalInConstantTime, sha256 } from '../crypto/digest.js';
import { notFound, unauthenticated } from '../errors/platform.errors.js';
import { ThrottlerGuard } from '../limits/throttler.guard.js';
import { Metrics } from './metrics.js';

@Controller('metrics')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    private readonly config: Config,
  ) {}

  @Get()
  @Public('METRICS_TOKEN as bearer')
  async read(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    this.assertToken(request.headers.authorization);
    const { text, contentType } = await this.metrics.read();
    void reply.header('Content-Type', contentType);
    return text;
  }

  /** @throws NOT_FOUND when no token is set: then the route does not exist; UNAUTHENTICATED for any other token. */
  private assertToken(authorization: string | undefined): void {
    const { metricsToken } = this.config;
    if (metricsToken === null) throw notFound();
    const given = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1] ?? '';
    if (!equalInConstantTime(sha256(given), sha256(metricsToken))) {
      throw unauthenticated({ detail: 'This route needs the token of METRICS_TOKEN as bearer.' });
    }
  }
}
