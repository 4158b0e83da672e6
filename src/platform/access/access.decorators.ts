import {
  createParamDecorator,
  SetMetadata,
  type CustomDecorator,
  type ExecutionContext,
} from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { unauthenticated } from '../errors/platform.errors.js';
import type { Principal, RoleName, ServicePrincipal, ServiceScopeName } from './principal.js';

const ACCESS = 'benteng:access';
const STEP_UP = 'benteng:step-up';
const ENROLMENT = 'benteng:enrolment';

/** A controller's method. */
export type Handler = ReturnType<ExecutionContext['getHandler']>;

/** Who may call a handler. A handler without a declaration is refused, and the application does not start with one. */
export type Access =
  | { kind: 'public'; reason: string }
  | { kind: 'roles'; roles: readonly RoleName[] }
  | { kind: 'service'; scope: ServiceScopeName };

/** Anybody may call it; `reason` says what the route itself demands instead. */
export const Public = (reason: string): CustomDecorator =>
  SetMetadata(ACCESS, { kind: 'public', reason } satisfies Access);

/** Persons with one of these roles, as the database has it now. */
export const Roles = (...roles: RoleName[]): CustomDecorator =>
  SetMetadata(ACCESS, { kind: 'roles', roles } satisfies Access);

/** Services with a key of this scope; no person, whatever the role. */
export const ServiceScope = (scope: ServiceScopeName): CustomDecorator =>
  SetMetadata(ACCESS, { kind: 'service', scope } satisfies Access);

/** Any signed-in person. */
export const AnyPerson = (): CustomDecorator => Roles('ADMIN', 'USER');

/** Needs a proof of identity within the last ten minutes. */
export const StepUp = (): CustomDecorator => SetMetadata(STEP_UP, true);

/** Beside an access token, the challenge token of a demanded enrolment is accepted as bearer (contract §2). */
export const OrEnrolmentChallenge = (): CustomDecorator => SetMetadata(ENROLMENT, true);

/** Whether the handler accepts an enrolment challenge. */
export function acceptsEnrolment(reflector: Reflector, handler: Handler): boolean {
  return reflector.get<boolean | undefined>(ENROLMENT, handler) === true;
}

/** The declaration of the handler that is about to run. */
export function readAccess(reflector: Reflector, context: ExecutionContext): Access | undefined {
  return reflector.get<Access | undefined>(ACCESS, context.getHandler());
}

/** Whether the handler demands step-up. */
export function needsStepUp(reflector: Reflector, handler: Handler): boolean {
  return reflector.get<boolean | undefined>(STEP_UP, handler) === true;
}

/** The declaration of any handler, for the check at start. */
export function accessOf(reflector: Reflector, handler: Handler): Access | undefined {
  return reflector.get<Access | undefined>(ACCESS, handler);
}

/** Injects the authenticated caller. */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { user } = context.switchToHttp().getRequest<FastifyRequest>();
  if (user === undefined) throw unauthenticated();
  return user;
});

/** Injects the service that called. */
export const CurrentService = createParamDecorator(
  (_: unknown, context: ExecutionContext): ServicePrincipal => {
    const { service } = context.switchToHttp().getRequest<FastifyRequest>();
    if (service === undefined) throw unauthenticated();
    return service;
  },
);
