import type { Type } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { Reflector } from '@nestjs/core';
import type { DeclaredRoute } from '../platform/access/route-declarations.js';
import type { Config } from '../platform/config/config.js';
import { listProblemDefinitions } from '../platform/errors/problem.js';
import { rulesOf } from '../platform/limits/limits.decorators.js';
import { schemaOfInput, type JsonSchema } from '../platform/validation/field-schemas.js';
import { OPERATIONS, type Operation } from './operations.js';
import { ref, SCHEMAS } from './schemas.js';

/** An OpenAPI 3.1 document. */
export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly [more: string]: unknown;
  };
  readonly [more: string]: unknown;
}

/** One operation, as far as our own page shows it. */
export interface OpenApiOperation {
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly responses: Readonly<Record<string, JsonSchema>>;
  readonly requestBody?: JsonSchema;
  readonly [more: string]: unknown;
}

const PROBLEM_TYPE = 'application/problem+json';
/** Routes that `API_PREFIX` does not move. */
const UNPREFIXED = /^\/(health|metrics|\.well-known)(\/|$)/;

/** Describes every route: shapes from the input classes, rights and limits from the declarations, the rest from `OPERATIONS`. */
export function buildDocument(
  routes: readonly DeclaredRoute[],
  reflector: Reflector,
  config: Config,
): OpenApiDocument {
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const route of routes) {
    const [method, path] = route.route.split(' ') as [string, string];
    const prefix = config.apiPrefix !== '' && !UNPREFIXED.test(path) ? `/${config.apiPrefix}` : '';
    const key = prefix + path.replaceAll(/:(\w+)/g, '{$1}');
    (paths[key] ??= {})[method.toLowerCase()] = describeRoute(route, reflector, config);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Benteng',
      version: '1',
      description:
        'Accounts, sessions, the second factor, the reset queue, the vault, webhooks and workbooks.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: config.publicUrl }],
    tags: [...new Set(Object.values(OPERATIONS).map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: SCHEMAS,
      securitySchemes: {
        accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT (RFC 9068)' },
        enrolmentChallenge: {
          type: 'http',
          scheme: 'bearer',
          description: 'The challengeToken of two_factor_setup_required.',
        },
        serviceKey: { type: 'apiKey', in: 'header', name: 'X-Service-Key' },
        refreshCookie: {
          type: 'apiKey',
          in: 'cookie',
          name: config.cookieSecure ? '__Host-refresh' : 'refresh',
          description: 'With the header X-Requested-With, of any value.',
        },
        metricsToken: { type: 'http', scheme: 'bearer', description: 'METRICS_TOKEN.' },
        signature: {
          type: 'apiKey',
          in: 'header',
          name: 'webhook-signature',
          description: 'Or the header of the scheme of the integration (docs/webhooks.md).',
        },
      },
    },
  };
}

function describeRoute(route: DeclaredRoute, reflector: Reflector, config: Config): OpenApiOperation {
  const operation = OPERATIONS[route.route];
  if (operation === undefined) throw new Error(`src/docs/operations.ts does not describe ${route.route}`);
  const body = inputOf(route, RouteParamtypes.BODY);
  const query = inputOf(route, RouteParamtypes.QUERY);
  const pathNames = [...route.route.matchAll(/:(\w+)/g)].map(([, name]) => name!);
  const rules = rulesOf(reflector, route.handler);
  const limits = rules.map((rule) => {
    const { requests, seconds } = config.limits[rule];
    return { rule, requests, seconds };
  });
  const requestBody = describeBody(route, operation, body);
  return {
    operationId: operationIdOf(route.route),
    summary: operation.summary,
    description: describeAccess(route),
    tags: [operation.tag],
    security: securityOf(route, operation),
    parameters: [
      ...pathNames.map((name) => ({
        name,
        in: 'path',
        required: true,
        schema: { type: 'string', format: 'uuid' },
      })),
      ...describeQuery(query),
    ],
    ...(requestBody !== undefined && { requestBody }),
    responses: {
      ...describeSuccess(operation),
      ...describeProblems(codesOf(route, operation, limits.length > 0)),
    },
    'x-rate-limits': limits,
    ...(route.stepUp && { 'x-step-up': true }),
  };
}

/** `POST /auth/step-up` → `postAuthStepUp`. */
function operationIdOf(route: string): string {
  const words = route.split(/[^A-Za-z]+/).filter((word) => word !== '');
  return words
    .map((word, index) => (index === 0 ? word.toLowerCase() : word[0]!.toUpperCase() + word.slice(1)))
    .join('');
}

function describeAccess({ access, stepUp }: DeclaredRoute): string {
  const who =
    access.kind === 'public'
      ? `Needs: ${access.reason}.`
      : access.kind === 'service'
        ? `Services with the scope ${access.scope}.`
        : access.roles.includes('USER')
          ? 'Any signed-in person.'
          : 'Administrators.';
  return stepUp ? `${who} Needs a proof of identity within the last ten minutes.` : who;
}

function securityOf({ access, acceptsEnrolment }: DeclaredRoute, { proof }: Operation): object[] {
  if (proof === 'refreshCookieOrToken') return [{ refreshCookie: [] }, { accessToken: [] }];
  if (proof !== undefined) return [{ [proof]: [] }];
  if (access.kind === 'public') return [];
  if (access.kind === 'service') return [{ serviceKey: [] }];
  return acceptsEnrolment ? [{ accessToken: [] }, { enrolmentChallenge: [] }] : [{ accessToken: [] }];
}

/** The schema of what a handler reads from body or query; undefined when it reads none. */
function inputOf(
  { controller, name, handler }: DeclaredRoute,
  kind: RouteParamtypes,
): JsonSchema | undefined {
  const args = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as Record<
    string,
    { index: number }
  >;
  const [, argument] = Object.entries(args).find(([key]) => key.startsWith(`${kind}:`)) ?? [];
  if (argument === undefined) return undefined;
  const prototype = controller.prototype as object;
  const types = (Reflect.getMetadata('design:paramtypes', prototype, name) ?? []) as Type<object>[];
  const type = types[argument.index];
  if (type === undefined) throw new Error(`${controller.name}.${handler.name} has an input without a class`);
  return schemaOfInput(type);
}

function describeQuery(query: JsonSchema | undefined): object[] {
  if (query === undefined) return [];
  const { properties, required = [] } = query as {
    properties: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

function describeBody(
  { route }: DeclaredRoute,
  { example }: Operation,
  body: JsonSchema | undefined,
): JsonSchema | undefined {
  if (route === 'POST /webhooks/:integrationId')
    return {
      required: true,
      content: { '*/*': { schema: {} } },
      description: 'Up to 1 MiB, signed as it is.',
    };
  if (route === 'POST /integrations/:id/imports') {
    const file = { type: 'string', contentMediaType: 'application/octet-stream' };
    const schema = { type: 'object', properties: { file }, required: ['file'], additionalProperties: false };
    return { required: true, content: { 'multipart/form-data': { schema } } };
  }
  if (body === undefined) return undefined;
  const isRequired = 'required' in body;
  return {
    required: isRequired,
    content: { 'application/json': { schema: body, ...(example !== undefined && { example }) } },
  };
}

function describeSuccess({ answer, status, alsoStatus }: Operation): Record<string, JsonSchema> {
  if (answer === null) return { 204: { description: 'Done.' } };
  const content =
    typeof answer === 'string'
      ? { 'application/json': { schema: ref(answer) } }
      : { [answer.mediaType]: { schema: answer.mediaType === 'application/json' ? {} : { type: 'string' } } };
  const described = { description: 'Done.', content };
  return {
    [status ?? 200]: described,
    ...(alsoStatus !== undefined && { [alsoStatus]: { ...described, description: 'Under way.' } }),
  };
}

/** Every code a route can answer with. */
function codesOf(
  { access, route, stepUp }: DeclaredRoute,
  operation: Operation,
  isLimited: boolean,
): string[] {
  const codes = new Set(operation.codes);
  const add = (...more: string[]): void => more.forEach((code) => codes.add(code));
  // The query of every route is judged, if only as one that must be empty.
  add('VALIDATION_FAILED', 'BAD_REQUEST', 'INTERNAL', 'UNAVAILABLE', 'HTTPS_REQUIRED');
  if (isLimited) add('RATE_LIMITED');
  if (/^(POST|PATCH|DELETE)/.test(route))
    add('UNSUPPORTED_MEDIA_TYPE', 'MALFORMED_BODY', 'PAYLOAD_TOO_LARGE');
  if (access.kind !== 'public') add('UNAUTHENTICATED', 'FORBIDDEN');
  if (access.kind === 'roles') add('SESSION_ENDED');
  if (route.includes(':')) add('NOT_FOUND');
  if (stepUp) add('STEP_UP_REQUIRED');
  return [...codes];
}

/** Problems by status, each with the codes it may carry. */
function describeProblems(codes: readonly string[]): Record<string, JsonSchema> {
  const responses: Record<string, JsonSchema> = {};
  const definitions = listProblemDefinitions().filter(({ code }) => codes.includes(code));
  for (const status of new Set(definitions.map((definition) => definition.status))) {
    const those = definitions.filter((definition) => definition.status === status);
    const schema = {
      allOf: [ref('Problem'), { properties: { code: { enum: those.map(({ code }) => code) } } }],
    };
    responses[String(status)] = {
      description: those.map(({ code, title }) => `${code}: ${title}.`).join(' '),
      content: { [PROBLEM_TYPE]: { schema } },
    };
  }
  return responses;
}
