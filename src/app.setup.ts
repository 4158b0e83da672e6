import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { AppModule } from './app.module.js';
import { listRouteDeclarations } from './platform/access/route-declarations.js';
import type { Config } from './platform/config/config.js';
import type { DatabaseConnection } from './platform/database/database.js';
import { Signals } from './platform/events/signals.js';
import { ProblemFilter } from './platform/errors/problem.filter.js';
import { createFastify } from './platform/http/create-fastify.js';
import { createLogger, NestLogger } from './platform/observability/logger.js';
import { InputPipe } from './platform/validation/validation.pipe.js';

/** What an application is made of; tests bring their own. */
export interface ApplicationParts {
  readonly config: Config;
  readonly connection: DatabaseConnection;
  readonly logger?: Logger;
}

/** The application as `main.ts` and every test run it; not yet listening. */
export async function createApplication({
  config,
  connection,
  logger = createLogger(config),
}: ApplicationParts): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter(await createFastify(config, logger));
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(config, connection),
    adapter,
    {
      bodyParser: false,
      abortOnError: false,
      logger: new NestLogger(logger),
    },
  );
  configureApplication(app, config);
  await app.init();
  return app;
}

/** Everything global that sits on Nest itself. */
export function configureApplication(app: NestFastifyApplication, config: Config): void {
  if (config.apiPrefix !== '') {
    app.setGlobalPrefix(config.apiPrefix, { exclude: ['health/{*rest}', 'metrics', '.well-known/{*rest}'] });
  }
  app.enableCors({
    origin: [...config.corsOrigins],
    credentials: true,
    strictPreflight: false,
    methods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
    allowedHeaders: ['Authorization', 'Content-Type', 'X-Requested-With'],
    exposedHeaders: ['X-Request-Id', 'Retry-After', 'RateLimit', 'RateLimit-Policy'],
    maxAge: 600,
  });
  app.useGlobalPipes(new InputPipe());
  app.useGlobalFilters(new ProblemFilter(app.get(Signals)));
  listRouteDeclarations(app);
}
