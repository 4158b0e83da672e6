import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import { configureApplication } from '../../src/app.setup.js';
import { AccessTokenGuard } from '../../src/platform/access/access-token.guard.js';
import { AnyPerson, Public } from '../../src/platform/access/access.decorators.js';
import { listRouteDeclarations } from '../../src/platform/access/route-declarations.js';
import { RolesGuard } from '../../src/platform/access/roles.guard.js';
import { ProblemFilter } from '../../src/platform/errors/problem.filter.js';
import { ClockModule } from '../../src/platform/clock/clock.module.js';
import { ConfigModule } from '../../src/platform/config/config.module.js';
import { CryptoModule } from '../../src/platform/crypto/crypto.module.js';
import { Signals } from '../../src/platform/events/signals.js';
import { SignalsModule } from '../../src/platform/events/signals.module.js';
import { createFastify } from '../../src/platform/http/create-fastify.js';
import { HttpModule } from '../../src/platform/http/http.module.js';
import { IdentityModule } from '../../src/platform/identity/identity.module.js';
import { LimitsModule } from '../../src/platform/limits/limits.module.js';
import { ThrottlerGuard } from '../../src/platform/limits/throttler.guard.js';
import { createLogger } from '../../src/platform/observability/logger.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { testConfig } from '../support/test-config.js';
import { send } from './attack.js';

/** Reviewed by a person: a changed line here is a changed right. */
const reviewed = JSON.parse(readFileSync(join(__dirname, 'routes.snapshot.json'), 'utf8')) as unknown[];

@Controller('guarded')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
class GuardedController {
  @Get()
  @Public('a test')
  hello() {
    return { hello: 'world' };
  }
}

@Controller('unguarded')
class UnguardedController {
  @Get()
  @Public('a test')
  leak() {
    return { leaked: true };
  }
}

@Controller('half-guarded')
@UseGuards(ThrottlerGuard, RolesGuard)
class HalfGuardedController {
  @Get()
  @AnyPerson()
  leak() {
    return { leaked: true };
  }
}

@Controller('undeclared')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
class UndeclaredController {
  @Get()
  leak() {
    return { leaked: true };
  }
}

/** Everybody passes the first guard, so that only the last one can refuse. */
@Controller('undeclared-for-persons')
@UseGuards(RolesGuard)
class UndeclaredForPersonsController {
  @Get()
  leak() {
    return { leaked: true };
  }
}

const opened: NestFastifyApplication[] = [];

async function anApplication(controller: new () => object): Promise<NestFastifyApplication> {
  const config = testConfig();
  @Module({
    imports: [
      ConfigModule.forRoot(config),
      ClockModule,
      CryptoModule,
      HttpModule,
      IdentityModule,
      SignalsModule,
      LimitsModule,
      DiscoveryModule,
    ],
    controllers: [controller],
  })
  class TinyModule {}
  const testing = await Test.createTestingModule({ imports: [TinyModule] }).compile();
  const logger = createLogger({ logLevel: 'silent' });
  const app = testing.createNestApplication<NestFastifyApplication>(
    new FastifyAdapter(await createFastify(config, logger)),
    { bodyParser: false, logger: false },
  );
  opened.push(app);
  return app;
}

describe('the route table', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp();
  });
  afterAll(() => test.close());

  it('is the one that was reviewed, with access, step-up and limits of every route [O-3] [V8.1.1]', () => {
    expect(listRouteDeclarations(test.app)).toEqual(reviewed);
  });

  it('refuses a stranger on every route that is not public, before it looks at anything else [V8.3.1]', async () => {
    const closed = listRouteDeclarations(test.app).filter(({ access }) => !access.startsWith('public'));
    expect(closed.length).toBeGreaterThan(10);
    for (const { route } of closed) {
      const [method, path] = route.split(' ') as [string, string];
      const answer = await send(test, { method, path: path.replaceAll(/:\w+/g, 'not-even-an-id') });
      expect({ route, status: answer.status, code: answer.json['code'] }).toEqual({
        route,
        status: 401,
        code: 'UNAUTHENTICATED',
      });
    }
  });
});

describe('an application', () => {
  afterEach(async () => {
    for (const app of opened.splice(0)) await app.close();
  });

  it.each([
    ['a controller without guards', UnguardedController, /UnguardedController must begin with @UseGuards/],
    ['a controller without one of the guards', HalfGuardedController, /HalfGuardedController must begin/],
    ['a handler that does not declare who may call it', UndeclaredController, /UndeclaredController\.leak/],
  ])('does not start with %s [D-1] [O-3]', async (_what, controller, reason) => {
    const app = await anApplication(controller);
    expect(() => configureApplication(app, testConfig())).toThrow(reason);
  });

  it('starts with a controller that has both', async () => {
    const app = await anApplication(GuardedController);
    expect(() => configureApplication(app, testConfig())).not.toThrow();
  });

  it('answers 403 for a handler without declaration, should one ever be reached [V8.2.1]', async () => {
    const app = await anApplication(UndeclaredForPersonsController);
    app.useGlobalFilters(new ProblemFilter(new Signals()));
    await app.listen(0, '127.0.0.1');
    const response = await request(await app.getUrl()).get('/undeclared-for-persons');
    expect(response.status).toBe(403);
    expect(response.body).toMatchObject({ code: 'FORBIDDEN' });
  });
});
