import type { INestApplication } from '@nestjs/common';
import { GUARDS_METADATA, METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { RequestMethod } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { limitsOf } from '../limits/limits.decorators.js';
import { ThrottlerGuard } from '../limits/throttler.guard.js';
import { AccessTokenGuard } from './access-token.guard.js';
import { acceptsEnrolment, accessOf, needsStepUp, type Access, type Handler } from './access.decorators.js';
import { RolesGuard } from './roles.guard.js';

/** The guards every controller carries at its head, in this order. */
const REQUIRED_GUARDS = [ThrottlerGuard, AccessTokenGuard, RolesGuard];

/** One route as the reviewed snapshot lists it. */
export interface RouteDeclaration {
  /** `GET /users/:id` */
  readonly route: string;
  /** `public (reason)` or the roles. */
  readonly access: string;
  readonly stepUp: boolean;
  /** Names of the limit rules, or the reason for none. */
  readonly limits: string;
}

/** A route with its handler and what it declares. */
export interface DeclaredRoute {
  /** `GET /users/:id` */
  readonly route: string;
  readonly controller: NewableFunction;
  readonly name: string;
  readonly handler: Handler;
  readonly access: Access;
  readonly stepUp: boolean;
  readonly acceptsEnrolment: boolean;
}

/**
 * Every route of the application.
 * @throws Error when a controller lacks the guards or a handler its declaration: the application must not start.
 */
export function listRoutes(discovery: DiscoveryService, reflector: Reflector): DeclaredRoute[] {
  const scanner = new MetadataScanner();
  const routes: DeclaredRoute[] = [];
  for (const { instance, metatype } of discovery.getControllers()) {
    if (!metatype || typeof instance !== 'object' || instance === null) continue;
    assertGuards(metatype);
    const base = pathOf(metatype);
    const prototype = Object.getPrototypeOf(instance) as Record<string, () => void>;
    for (const name of scanner.getAllMethodNames(prototype)) {
      const handler = prototype[name]!;
      if (Reflect.getMetadata(METHOD_METADATA, handler) === undefined) continue;
      const access = accessOf(reflector, handler);
      if (access === undefined) throw new Error(`${metatype.name}.${name} does not declare who may call it`);
      const method = RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod];
      routes.push({
        route: `${method} /${[base, pathOf(handler)].filter(Boolean).join('/')}`,
        controller: metatype,
        name,
        handler,
        access,
        stepUp: needsStepUp(reflector, handler),
        acceptsEnrolment: acceptsEnrolment(reflector, handler),
      });
    }
  }
  return routes.toSorted((a, b) => a.route.localeCompare(b.route));
}

/** Lists every route with who may call it. @throws Error as `listRoutes`. */
export function listRouteDeclarations(app: INestApplication): RouteDeclaration[] {
  const reflector = app.get(Reflector);
  return listRoutes(app.get(DiscoveryService), reflector).map(
    ({ route, access, stepUp, acceptsEnrolment: orEnrolment, handler }) => ({
      route,
      access: describeAccess(access, orEnrolment),
      stepUp,
      limits: limitsOf(reflector, handler),
    }),
  );
}

function describeAccess(access: Access, orEnrolment: boolean): string {
  if (access.kind === 'public') return `public (${access.reason})`;
  if (access.kind === 'service') return `service (${access.scope})`;
  return access.roles.join(' ') + (orEnrolment ? ' or enrolment challenge' : '');
}

function assertGuards(controller: NewableFunction): void {
  const guards = (Reflect.getMetadata(GUARDS_METADATA, controller) ?? []) as unknown[];
  if (!REQUIRED_GUARDS.every((guard, index) => guards[index] === guard)) {
    const names = REQUIRED_GUARDS.map(({ name }) => name).join(', ');
    throw new Error(`${controller.name} must begin with @UseGuards(${names})`);
  }
}

function pathOf(target: object): string {
  return String(Reflect.getMetadata(PATH_METADATA, target) ?? '').replace(/^\/|\/$/g, '');
}
