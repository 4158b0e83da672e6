import { setTimeout as delay } from 'node:timers/promises';
import { Signals, type Signal } from '../../src/platform/events/signals.js';
import { MemoryCounters } from '../../src/platform/limits/memory-counters.js';
import { ResilientCounters } from '../../src/platform/limits/resilient-counters.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { expectProblem } from '../support/problems.js';
import { hasRedisServer, OwnRedis } from '../support/redis-server.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

if (!hasRedisServer)
  process.stdout.write('redis-server is not installed: the faults of Redis are not tested here.\n');

/** Until `holds` does, for ten seconds at most. */
async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await holds()) return;
    await delay(100);
  }
  throw new Error('it did not happen within ten seconds');
}

(hasRedisServer ? describe : describe.skip)('with Redis', () => {
  let redis: OwnRedis;
  beforeAll(async () => {
    redis = await OwnRedis.create();
  });
  afterAll(() => redis.remove());

  describe('the counters', () => {
    const open: ResilientCounters[] = [];
    let kinds: Signal['kind'][];
    const anInstance = async (): Promise<ResilientCounters> => {
      const signals = new Signals();
      signals.listen(({ kind }) => kinds.push(kind));
      const counters = new ResilientCounters(
        redis.url,
        'test:',
        new MemoryCounters(new FakeClock()),
        signals,
      );
      open.push(counters);
      await counters.onModuleInit();
      return counters;
    };
    const hit = (counters: ResilientCounters, limit = 3) =>
      counters.increment('login a', 60_000, limit, 60_000, 'LOGIN');
    beforeEach(async () => {
      kinds = [];
      await redis.flush();
    });
    afterEach(() => open.splice(0).forEach((counters) => counters.onApplicationShutdown()));

    it('are shared by all instances, and exact under a hundred hits at once [L-S4]', async () => {
      const instances = [await anInstance(), await anInstance()];
      const hits = await Promise.all(Array.from({ length: 100 }, (_, index) => hit(instances[index % 2]!)));
      expect(hits.filter(({ isBlocked }) => !isBlocked)).toHaveLength(3);
      expect(hits.map(({ totalHits }) => totalHits).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 100 }, (_, index) => index + 1),
      );
      const [{ timeToExpire, timeToBlockExpire }] = [await hit(instances[0]!)];
      expect(timeToExpire).toBeGreaterThan(50);
      expect(timeToBlockExpire).toBe(timeToExpire);
    });

    it('begin anew with the window, which refused hits do not lengthen', async () => {
      const counters = await anInstance();
      const short = () => counters.increment('short', 400, 1, 400, 'LOGIN');
      await short();
      await delay(250);
      expect((await short()).isBlocked).toBe(true);
      await delay(250);
      expect(await short()).toMatchObject({ totalHits: 1, isBlocked: false });
    });

    it('go on in memory within the very request when Redis is gone, and come back by themselves', async () => {
      const counters = await anInstance();
      await hit(counters);
      await hit(counters);
      await redis.stop();
      expect((await hit(counters)).totalHits).toBe(3);
      expect((await hit(counters)).isBlocked).toBe(true);
      expect(kinds).toEqual(['limiter_store_down']);
      await redis.start();
      await eventually(async () => {
        await counters.increment(`probe`, 60_000, 1000, 60_000, 'LOGIN');
        return kinds.includes('limiter_store_up');
      });
      expect(kinds).toEqual(['limiter_store_down', 'limiter_store_up']);
    });

    it('do not wait for a Redis that stands still', async () => {
      const counters = await anInstance();
      redis.freeze();
      try {
        for (let index = 1; index <= 4; index += 1) {
          expect(await hit(counters)).toMatchObject({ totalHits: index, isBlocked: index > 3 });
        }
        expect(kinds).toEqual(['limiter_store_down']);
      } finally {
        redis.thaw();
      }
    });

    it('survive that Redis forgets everything', async () => {
      const counters = await anInstance();
      await hit(counters);
      await redis.flush();
      expect(await hit(counters)).toMatchObject({ totalHits: 1, isBlocked: false });
    });
  });

  describe('the application', () => {
    let test: TestApp;
    beforeAll(async () => {
      test = await startTestApp({ environment: { REDIS_URL: redis.url } });
    });
    afterAll(() => test.close());

    it('limits sign-ins with Redis and without, says so in its readiness, and never opens up [L-S4]', async () => {
      const client = test.client();
      const login = () => client.login({ email: 'nobody@example.com', password: 'x' });
      const isReady = async () => {
        test.clock.advanceSeconds(1);
        return (await client.get('/health/ready')).status === 200;
      };
      await eventually(isReady);
      expect((await client.get('/health/ready')).body).toEqual({ status: 'ok', database: 'up', redis: 'up' });
      for (let index = 0; index < 3; index += 1) expect((await login()).status).toBe(401);
      await redis.stop();
      for (let index = 0; index < 2; index += 1) expect((await login()).status).toBe(401);
      expectProblem(await login(), 429, 'RATE_LIMITED');
      test.clock.advanceSeconds(1);
      const down = await client.get('/health/ready');
      expectProblem(down, 503, 'UNAVAILABLE');
      expect(down.body).toMatchObject({ detail: 'Redis cannot count: it is away, read-only or full.' });
      await redis.start();
      await eventually(isReady);
      // A replica after a failover, and a Redis without memory, answer PING and count nothing [F-66].
      for (const [fault, cure] of [
        [
          ['REPLICAOF', '127.0.0.1', '1'],
          ['REPLICAOF', 'NO', 'ONE'],
        ],
        [
          ['CONFIG', 'SET', 'maxmemory', '1'],
          ['CONFIG', 'SET', 'maxmemory', '0'],
        ],
      ] as const) {
        await redis.command(fault);
        test.clock.advanceSeconds(1);
        expectProblem(await client.get('/health/ready'), 503, 'UNAVAILABLE');
        await redis.command(cure);
        await eventually(isReady);
      }
    });

    it('starts without Redis', async () => {
      await redis.stop();
      const other = await startTestApp({ environment: { REDIS_URL: redis.url } });
      expect((await other.client().get('/health/live')).status).toBe(200);
      expect((await other.client().login({ email: 'nobody@example.com', password: 'x' })).status).toBe(401);
      await other.close();
      await redis.start();
    });
  });
});
