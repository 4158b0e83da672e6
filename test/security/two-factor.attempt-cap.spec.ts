import { findTimeStep } from '../../src/two-factor/totp.js';
import {
  anEnrolledPerson,
  factorOf,
  openChallenge,
  prove,
  sessionsOf,
  wrongCode,
} from '../factories/second-factors.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { expectProblem } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

// The real comparison, counted: what is never compared cannot be guessed.
jest.mock('../../src/two-factor/totp.js', () => {
  const actual = jest.requireActual<typeof import('../../src/two-factor/totp.js')>(
    '../../src/two-factor/totp.js',
  );
  return { ...actual, findTimeStep: jest.fn(actual.findTimeStep) };
});
const compared = jest.mocked(findTimeStep);

describe('the tries of one challenge', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({ environment: NO_LIMITS });
  });
  afterAll(() => test.close());

  it('are five: the right code comes too late after five wrong ones', async () => {
    const person = await anEnrolledPerson(test);
    const challengeToken = await openChallenge(test, person);
    for (let index = 0; index < 5; index += 1) {
      const refused = await prove(test, { challengeToken, code: wrongCode(person) });
      expectProblem(refused, 401, 'TWO_FACTOR_CODE_REFUSED');
    }
    const late = await prove(test, { challengeToken, code: person.codeNow() });
    expect(late.status).toBe(401);
    expect(late.headers['set-cookie']).toBeUndefined();
    const fresh = await openChallenge(test, person);
    expect((await prove(test, { challengeToken: fresh, code: person.codeNow() })).status).toBe(200);
  });

  it('leave the fifth to the right code', async () => {
    const person = await anEnrolledPerson(test);
    const challengeToken = await openChallenge(test, person);
    for (let index = 0; index < 4; index += 1) await prove(test, { challengeToken, code: wrongCode(person) });
    expect((await prove(test, { challengeToken, code: person.codeNow() })).status).toBe(200);
  });

  it('count wrong codes and wrong backup codes together', async () => {
    const person = await anEnrolledPerson(test);
    const challengeToken = await openChallenge(test, person);
    for (let index = 0; index < 5; index += 1) {
      const guess = index % 2 === 0 ? { code: wrongCode(person) } : { backupCode: '0000-0000-0000-0000' };
      await prove(test, { challengeToken, ...guess });
    }
    const late = await prove(test, { challengeToken, backupCode: person.backupCodes[0] });
    expect(late.status).toBe(401);
    expect(
      await test.database.client.backupCode.count({ where: { userId: person.id, consumedAt: null } }),
    ).toBe(8);
  });

  it('are five of 50 parallel guesses: no more are compared, and the right code no longer counts', async () => {
    const person = await anEnrolledPerson(test);
    const challengeToken = await openChallenge(test, person);
    const sessions = await sessionsOf(test, person);
    compared.mockClear();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => prove(test, { challengeToken, code: wrongCode(person) })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    expect(compared).toHaveBeenCalledTimes(5);
    expect((await factorOf(test, person)).failedAttemptCount).toBe(5);
    const challenge = await test.database.client.challenge.findFirst({
      where: { userId: person.id },
      orderBy: { id: 'desc' },
    });
    expect(challenge).toMatchObject({ attemptCount: 5, consumedAt: null });
    expect((await prove(test, { challengeToken, code: person.codeNow() })).status).toBe(401);
    expect(compared).toHaveBeenCalledTimes(5);
    expect(await sessionsOf(test, person)).toBe(sessions);
  });

  it('are ten of 60 parallel guesses over 12 challenges of one account', async () => {
    const person = await anEnrolledPerson(test);
    const tokens = await Promise.all(Array.from({ length: 12 }, () => openChallenge(test, person)));
    compared.mockClear();
    await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        prove(test, { challengeToken: tokens[index % 12]!, code: wrongCode(person) }),
      ),
    );
    expect(compared).toHaveBeenCalledTimes(10);
    expect(await factorOf(test, person)).toMatchObject({
      failedAttemptCount: 10,
      lockedUntil: expect.any(Date),
    });
  });
});
