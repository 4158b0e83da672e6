import { Injectable, type ExecutionContext } from '@nestjs/common';
import { ModuleRef, Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { unauthenticated } from '../errors/platform.errors.js';
import { Problem } from '../errors/problem.js';
import { acceptsEnrolment, readAccess } from './access.decorators.js';
import { clientAddress } from '../http/client-address.js';
import { Signals } from '../events/signals.js';
import { EnrolmentReader } from './enrolment-reader.js';
import type { Principal } from './principal.js';
import { ServiceKeyReader } from './service-key-reader.js';

/**
 * Authenticates the caller: the bearer of an access token, or on internal routes the holder of a service key. Public
 * routes pass without looking at either.
 */
@Injectable()
export class AccessTokenGuard extends AuthGuard('access-token') {
  constructor(
    private readonly reflector: Reflector,
    private readonly modules: ModuleRef,
    private readonly signals: Signals,
  ) {
    super({ session: false });
  }

  override canActivate(context: ExecutionContext) {
    const access = readAccess(this.reflector, context);
    if (access?.kind === 'public') return true;
    if (access?.kind === 'service') return this.admitService(context);
    const challengeToken = acceptsEnrolment(this.reflector, context.getHandler())
      ? readChallengeToken(context)
      : null;
    return challengeToken === null ? super.canActivate(context) : this.admitEnrollee(context, challengeToken);
  }

  /** A person's token opens no internal route, so it is not even looked at. */
  private async admitService(context: ExecutionContext): Promise<true> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const key = request.headers['x-service-key'];
    const reader = this.modules.get(ServiceKeyReader, { strict: false });
    const service = typeof key === 'string' ? await reader.findService(key, clientAddress(request)) : null;
    if (service === null) {
      throw unauthenticated({ detail: 'This route needs a valid service key: X-Service-Key: btg_…' });
    }
    request.service = service;
    const { keyId: callerId, organizationId } = service;
    this.signals.emit({ kind: 'api_use', callerId, organizationId });
    return true;
  }

  private async admitEnrollee(context: ExecutionContext, challengeToken: string): Promise<true> {
    const enrollees = this.modules.get(EnrolmentReader, { strict: false });
    context.switchToHttp().getRequest<FastifyRequest>().user = await enrollees.getEnrollee(challengeToken);
    return true;
  }

  /** Passport's verdict in our words: its own errors say which check failed, which is for the log only. */
  override handleRequest<TUser>(error: unknown, user: TUser | false, info: unknown): TUser {
    if (error instanceof Error) throw error;
    if (info instanceof Problem) throw info;
    if (!user) throw unauthenticated({ cause: info });
    const { userId: callerId, organizationId } = user as unknown as Principal;
    this.signals.emit({ kind: 'api_use', callerId, organizationId });
    return user;
  }
}

/** A bearer without dots is no JWT, so it can only be meant as a challenge token. */
function readChallengeToken(context: ExecutionContext): string | null {
  const { authorization } = context.switchToHttp().getRequest<FastifyRequest>().headers;
  return /^Bearer ([A-Za-z0-9_-]{1,512})$/i.exec(authorization ?? '')?.[1] ?? null;
}
