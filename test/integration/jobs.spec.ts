import { Jobs } from '../../src/platform/jobs/jobs.js';
import { Database } from '../../src/platform/database/database.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('jobs', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp();
  });
  afterAll(() => test.close());

  it('leave the connections to the requests, however many run at once', async () => {
    const database = test.app.get(Database);
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const running = Array.from({ length: 30 }, (_, index) =>
      database.exclusively(`job ${index}`, () => gate),
    );
    await Promise.resolve();
    expect((await test.client().get('/health/ready')).status).toBe(200);
    release();
    expect(await Promise.all(running)).toEqual(Array.from({ length: 30 }, () => true));
  });

  it('run once at a time, and say when somebody else is at it', async () => {
    const database = test.app.get(Database);
    const outcomes = await Promise.all([
      database.exclusively('one', () => Promise.resolve()),
      database.exclusively('one', () => Promise.resolve()),
    ]);
    expect(outcomes).toEqual([true, false]);
    await expect(database.exclusively('one', () => Promise.reject(new Error('broken')))).rejects.toThrow(
      'broken',
    );
    expect(await database.exclusively('one', () => Promise.resolve())).toBe(true);
    await expect(test.app.get(Jobs).runNow('nothing')).rejects.toThrow('there is no job "nothing"');
  });
});
