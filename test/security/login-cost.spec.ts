import { aPerson, OTHER_PASSWORD } from '../factories/people.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { openWatchedDatabase, type WatchedConnection } from '../support/watched-connection.js';

describe('a try to sign in', () => {
  let test: TestApp;
  let connection: WatchedConnection;
  beforeAll(async () => {
    connection = await openWatchedDatabase();
    test = await startTestApp({ connection, environment: { ...NO_LIMITS, CAPTCHA: 'altcha' } });
  });
  afterAll(() => test.close());

  /** Round trips beside the one that looks the account up. */
  const tripsOf = async (work: () => Promise<unknown>): Promise<number> => {
    connection.reset();
    await work();
    return connection.trips.length - 1;
  };

  it('costs at most four round trips beside the lookup, with audit, counters, trail and session', async () => {
    const person = await aPerson(test);
    const client = test.client();
    expect(await tripsOf(() => client.login(person))).toBeLessThanOrEqual(4);
    expect(await tripsOf(() => client.login(person))).toBeLessThanOrEqual(4);
  });

  it('costs one when it fails', async () => {
    const person = await aPerson(test);
    const wrong = { email: person.email, password: OTHER_PASSWORD };
    expect(await tripsOf(() => test.client().login(wrong))).toBe(1);
    expect(await tripsOf(() => test.client().login({ ...wrong, email: 'nobody@example.com' }))).toBe(1);
  });
});
