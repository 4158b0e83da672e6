import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { addSeconds, Clock } from '../clock/clock.js';
import { forbidden, stepUpRequired, unauthenticated } from '../errors/platform.errors.js';
import { needsStepUp, readAccess } from './access.decorators.js';

/** How fresh a proof must be for a step-up route (contract §4). */
const STEP_UP_SECONDS = 600;

/** Decides by the declaration of the handler: refused unless declared (ASVS V8.2.1). */
@Injectable()
export class RolesGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly clock: Clock,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const access = readAccess(this.reflector, context);
    if (access === undefined) throw forbidden();
    if (access.kind === 'public') return true;
    const { user, service } = context.switchToHttp().getRequest<FastifyRequest>();
    if (access.kind === 'service') {
      if (service === undefined) throw unauthenticated();
      if (service.scopes.includes(access.scope)) return true;
      throw forbidden({ detail: `This service key lacks the scope ${access.scope}.` });
    }
    if (user === undefined) throw unauthenticated();
    if (!access.roles.includes(user.role)) throw forbidden();
    if (needsStepUp(this.reflector, context.getHandler()) && !this.isFresh(user.authenticatedAt))
      throw stepUpRequired();
    return true;
  }

  private isFresh(authenticatedAt: Date): boolean {
    return addSeconds(authenticatedAt, STEP_UP_SECONDS) > this.clock.now();
  }
}
