import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { AppModule } from '../../src/app.module.js';
import { configureApplication } from '../../src/app.setup.js';
import { Clock } from '../../src/platform/clock/clock.js';
import type { Config } from '../../src/platform/config/config.js';
import { FieldCipher } from '../../src/platform/crypto/field-cipher.js';
import { RandomSource } from '../../src/platform/crypto/random-source.js';
import { Database } from '../../src/platform/database/database.js';
import { Signals } from '../../src/platform/events/signals.js';
import { createFastify } from '../../src/platform/http/create-fastify.js';
import { DocsService } from '../../src/docs/docs.service.js';
import { createLogger, NestLogger } from '../../src/platform/observability/logger.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { AnswerValidation } from './answer-validation.js';
import { TestClient } from './test-client.js';
import { testConfig } from './test-config.js';
import { openTestDatabase, type TestConnection } from './test-database.js';

/** A running application on a database of its own. */
export interface TestApp {
  readonly app: NestFastifyApplication;
  readonly clock: FakeClock;
  readonly config: Config;
  /** Reaches every organization's rows. */
  readonly database: Database;
  /** Every line of the log so far, as written. */
  readonly logLines: string[];
  readonly url: string;
  /** A browser of its own: own address, own cookies. */
  client(): TestClient;
  close(): Promise<void>;
}

/** What a test may change. */
export interface TestAppOptions {
  readonly environment?: Record<string, string>;
  /** Shared by several applications: the last one to close closes it. */
  readonly connection?: TestConnection;
  readonly clock?: FakeClock;
}

/** On a server the test has a connection of its own, with more rights than the application's. */
function databaseOfTest(app: NestFastifyApplication, { superuser }: TestConnection): Database {
  if (superuser === undefined) return app.get(Database);
  return new Database(superuser, app.get(FieldCipher), app.get(RandomSource), app.get(Signals));
}

/** The database as tests look at it: across organizations, without saying so each time. */
function withoutFence(database: Database): Database {
  const unfenced = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (owner, name) => {
        const value: unknown = Reflect.get(owner, name);
        if (typeof value === 'function')
          return (...args: unknown[]) =>
            database.acrossTenants(() => Reflect.apply(value, owner, args) as PromiseLike<unknown>);
        return typeof value === 'object' && value !== null ? unfenced(value) : value;
      },
    });
  return Object.create(database, { client: { value: unfenced(database.client) } }) as Database;
}

let nextAddress = 1;

/** Starts the application as `main.ts` does, with the clock replaced and the log captured. */
export async function startTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const config = testConfig(options.environment);
  const clock = options.clock ?? new FakeClock();
  const connection: TestConnection = options.connection ?? (await openTestDatabase());
  const logLines: string[] = [];
  const logger = createLogger(config, { write: (line: string) => void logLines.push(line) });
  const testing = await Test.createTestingModule({ imports: [AppModule.forRoot(config, connection)] })
    .overrideProvider(Clock)
    .useValue(clock)
    .compile();
  const server = await createFastify(config, logger);
  const answers = new AnswerValidation(() => app.get(DocsService).document);
  // Every answer of every test is held against the OpenAPI document.
  answers.watch(server);
  const adapter = new FastifyAdapter(server);
  const app = testing.createNestApplication<NestFastifyApplication>(adapter, {
    bodyParser: false,
    logger: new NestLogger(logger),
  });
  configureApplication(app, config);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  const url = `http://127.0.0.1:${port}`;
  return {
    app,
    clock,
    config,
    database: withoutFence(databaseOfTest(app, connection)),
    logLines,
    url,
    client: () => {
      nextAddress += 1;
      return new TestClient(url, `10.${nextAddress >> 16}.${(nextAddress >> 8) & 255}.${nextAddress & 255}`);
    },
    close: async () => {
      await app.close();
      if (answers.faults.length > 0)
        throw new Error(
          `answers that openapi.json does not describe:\n${answers.faults.slice(0, 20).join('\n')}`,
        );
    },
  };
}
