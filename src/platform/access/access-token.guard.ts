import { Injectable, type ExecutionContext } from '@nestjs/common';
import { ModuleRef, Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { unauthenticated } from '../errors/platform.errors.js';
import { Problem } from '../errors/problem.js';
import { acceptsEnrolment, readAccess } from './access.decorators.js';
import { EnrolmentReader } from './enrolment-reader.js';

/** Authenticates the bearer of an access token; public routes pass without looking at it. */
@Injectable()
export class AccessTokenGuard extends AuthGuard('access-token') {
  constructor(
    private readonly reflector: Reflector,
    private readonly modules: ModuleRef,
  ) {
    super({ session: false });
  }

  override canActivate(context: ExecutionContext) {
    if (readAccess(this.reflector, context)?.kind === 'public') return true;
    const challengeToken = acceptsEnrolment(this.reflector, context.getHandler())
      ? readChallengeToken(context)
      : null;
    return challengeToken === null ? super.canActivate(context) : this.admitEnrollee(context, challengeToken);
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
    return user;
  }
}

/** A bearer without dots is no JWT, so it can only be meant as a challenge token. */
function readChallengeToken(context: ExecutionContext): string | null {
  const { authorization } = context.switchToHttp().getRequest<FastifyRequest>().headers;
  return /^Bearer ([A-Za-z0-9_-]{1,512})$/i.exec(authorization ?? '')?.[1] ?? null;
}
