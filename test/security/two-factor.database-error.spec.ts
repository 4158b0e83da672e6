import {
  anEnrolledPerson,
  factorOf,
  forgetFailures,
  openChallenge,
  prove,
  sessionsOf,
} from '../factories/second-factors.js';
import { aPerson } from '../factories/people.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { expectProblem } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { openWatchedDatabase, type WatchedConnection } from '../support/watched-connection.js';

describe('the database during the check of the second factor', () => {
  let test: TestApp;
  let connection: WatchedConnection;
  beforeAll(async () => {
    connection = await openWatchedDatabase();
    test = await startTestApp({ connection, environment: NO_LIMITS });
  });
  afterAll(() => test.close());

  /** The round trips of one request. */
  const tripsOf = async (request: () => Promise<{ status: number }>) => {
    connection.reset();
    expect((await request()).status).toBe(200);
    return [...connection.trips];
  };

  it('is asked at most three times beside what every login asks to begin its session', async () => {
    const single = await aPerson(test);
    const login = await tripsOf(() => test.client().login(single));
    const person = await anEnrolledPerson(test);
    const [first, second] = [await openChallenge(test, person), await openChallenge(test, person)];
    const withCode = await tripsOf(() => prove(test, { challengeToken: first, code: person.codeNow() }));
    // The first trip of the single-step login looks the account up for the password; the rest begins the session.
    expect(login[0]).toContain('"users"');
    // The single-step login needs no transaction; the check does, for the code and the session to live or die together.
    expect(login).not.toContain('BEGIN');
    const statements = withCode.filter((trip) => trip !== 'BEGIN' && trip !== 'COMMIT');
    expect(statements.length - (login.length - 1)).toBeLessThanOrEqual(3);
    const withBackupCode = await tripsOf(() =>
      prove(test, { challengeToken: second, backupCode: person.backupCodes[0] }),
    );
    // Two more for the trail: how many are left, and that one was used.
    expect(withBackupCode.length - withCode.length).toBeLessThanOrEqual(2);
  });

  it('is asked by a remembered device once more than by a single-step login', async () => {
    const person = await anEnrolledPerson(test);
    const client = test.client();
    const challengeToken = await openChallenge(test, person);
    await prove(test, { challengeToken, code: person.codeNow(), rememberDevice: true }, client);
    const single = await aPerson(test);
    const plain = await tripsOf(() => test.client().login(single));
    const remembered = await tripsOf(() => client.login(person));
    expect(remembered.length - plain.length).toBeLessThanOrEqual(1);
  });

  const proofs: [string, (person: Awaited<ReturnType<typeof anEnrolledPerson>>) => object][] = [
    ['code', (person) => ({ code: person.codeNow() })],
    ['backup code', (person) => ({ backupCode: person.backupCodes[0] })],
    ['code that makes the browser trusted', (person) => ({ code: person.codeNow(), rememberDevice: true })],
  ];
  it.each(proofs)(
    'may fail at every step: 503, no success, and the %s is not lost',
    async (_what, proofOf) => {
      const measured = await anEnrolledPerson(test);
      const token = await openChallenge(test, measured);
      const steps = await tripsOf(() => prove(test, { challengeToken: token, ...proofOf(measured) }));
      expect(steps.at(-1)).toBe('COMMIT');
      const person = await anEnrolledPerson(test);
      const sessions = await sessionsOf(test, person);
      const challengeToken = await openChallenge(test, person);
      const untouched = await rowsOf(person.id);
      for (let step = 1; step <= steps.length; step += 1) {
        connection.reset(step);
        const response = await prove(test, { challengeToken, ...proofOf(person) });
        connection.reset();
        expectProblem(response, 503, 'UNAVAILABLE');
        expect(response.headers['retry-after']).toBeDefined();
        expect(response.headers['set-cookie']).toBeUndefined();
        expect(await rowsOf(person.id)).toEqual(untouched);
        // Each failure after the booking costs one try, on purpose (docs/decisions/0012): given back for the next round.
        expect((await factorOf(test, person)).failedAttemptCount).toBe(step <= 2 ? 0 : 1);
        await forgetFailures(test, person);
        await test.database.client.challenge.updateMany({
          where: { userId: person.id },
          data: { attemptCount: 0 },
        });
      }
      expect((await prove(test, { challengeToken, ...proofOf(person) })).status).toBe(200);
      expect((await sessionsOf(test, person)) - sessions).toBe(1);
    },
  );

  it('may fail while a wrong code is answered: still no success', async () => {
    const person = await anEnrolledPerson(test);
    const challengeToken = await openChallenge(test, person);
    for (const step of [1, 2]) {
      connection.reset(step);
      expectProblem(await prove(test, { challengeToken, code: person.codeNow(2) }), 503, 'UNAVAILABLE');
    }
    connection.reset();
    expectProblem(
      await prove(test, { challengeToken, code: person.codeNow(2) }),
      401,
      'TWO_FACTOR_CODE_REFUSED',
    );
  });

  /** What a lost connection must not have changed. */
  async function rowsOf(userId: string) {
    const where = { userId };
    const { client } = test.database;
    return {
      spentSteps: await client.totpFactor.findMany({ where, select: { lastTimeStep: true } }),
      usedBackupCodes: await client.backupCode.count({ where: { userId, consumedAt: { not: null } } }),
      spentChallenges: await client.challenge.count({ where: { userId, consumedAt: { not: null } } }),
      sessions: await client.session.count({ where }),
      devices: await client.rememberedDevice.count({ where }),
      events: await client.securityEvent.count({ where: { targetId: userId } }),
    };
  }
});
