import { Database } from '../../src/platform/database/database.js';
import { expectProblem } from '../support/problems.js';
import { MEMORY_COUNTERS } from '../support/test-config.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('health', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({ environment: { ...MEMORY_COUNTERS, RATE_LIMIT_GLOBAL: '3/60' } });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    test.clock.advanceSeconds(1);
  });
  afterAll(() => test.close());

  it('says that the process lives and is ready, to anybody, and nothing more [A-9]', async () => {
    const live = await test.client().get('/health/live');
    expect([live.status, live.body]).toEqual([200, { status: 'ok' }]);
    const ready = await test.client().get('/health/ready');
    expect([ready.status, ready.body]).toEqual([200, { status: 'ok', database: 'up' }]);
  });

  it('says 503 while the database cannot be asked, and recovers by itself [A-8]', async () => {
    const ping = jest
      .spyOn(test.app.get(Database), 'ping')
      .mockRejectedValue(new Error('connect ECONNREFUSED 10.0.0.5:5432 user=benteng'));
    const response = await test.client().get('/health/ready');
    expectProblem(response, 503, 'UNAVAILABLE');
    expect(response.headers['retry-after']).toBe('2');
    expect(response.text).not.toMatch(/ECONNREFUSED|5432|user=/);
    expect((await test.client().get('/health/live')).status).toBe(200);
    ping.mockRestore();
    test.clock.advanceSeconds(1);
    expect((await test.client().get('/health/ready')).status).toBe(200);
  });

  it('asks the database once for many probes of the same moment', async () => {
    const ping = jest.spyOn(test.app.get(Database), 'ping');
    const answers = await Promise.all(Array.from({ length: 10 }, () => test.client().get('/health/ready')));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(ping).toHaveBeenCalledTimes(1);
  });

  it('is never limited: probes come often from one address', async () => {
    const client = test.client();
    for (let probe = 0; probe < 5; probe += 1) {
      expect((await client.get('/health/live')).status).toBe(200);
      expect((await client.get('/health/ready')).status).toBe(200);
    }
  });
});
