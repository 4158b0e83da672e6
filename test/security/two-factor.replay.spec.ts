import {
  anEnrolledPerson,
  factorOf,
  forgetFailures,
  openChallenge,
  openChallenges,
  prove,
  sessionsOf,
} from '../factories/second-factors.js';
import { aSignedInUser } from '../factories/people.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { expectProblem } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('replay of a code [V6.5.1]', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({ environment: NO_LIMITS });
  });
  afterAll(() => test.close());

  it('refuses a code that was accepted once (RFC 6238 §5.2)', async () => {
    const person = await anEnrolledPerson(test);
    const [first, second] = await openChallenges(test, person, 2);
    const code = person.codeNow();
    expect((await prove(test, { challengeToken: first!, code })).status).toBe(200);
    const response = await prove(test, { challengeToken: second!, code });
    expectProblem(response, 401, 'TWO_FACTOR_CODE_REFUSED');
    expect(response.headers['set-cookie']).toBeUndefined();
  });

  it('accepts the code of the step before, and once [V6.5.5]', async () => {
    const person = await anEnrolledPerson(test);
    test.clock.advanceSeconds(30);
    const [first, second] = await openChallenges(test, person, 2);
    const code = person.codeNow(-1);
    expect((await prove(test, { challengeToken: first!, code })).status).toBe(200);
    expectProblem(await prove(test, { challengeToken: second!, code }), 401, 'TWO_FACTOR_CODE_REFUSED');
  });

  it('refuses an older code after a newer one, though it is still in time', async () => {
    const person = await anEnrolledPerson(test);
    test.clock.advanceSeconds(30);
    const [first, second] = await openChallenges(test, person, 2);
    expect((await prove(test, { challengeToken: first!, code: person.codeNow() })).status).toBe(200);
    const older = await prove(test, { challengeToken: second!, code: person.codeNow(-1) });
    expectProblem(older, 401, 'TWO_FACTOR_CODE_REFUSED');
  });

  it.each([-2, 1])('refuses the code of step %i from now [V6.5.5]', async (steps) => {
    const person = await anEnrolledPerson(test);
    test.clock.advanceSeconds(60);
    const challengeToken = await openChallenge(test, person);
    const response = await prove(test, { challengeToken, code: person.codeNow(steps) });
    expectProblem(response, 401, 'TWO_FACTOR_CODE_REFUSED');
  });

  it('refuses the code that confirmed the setup', async () => {
    const person = await anEnrolledPerson(test);
    const challengeToken = await openChallenge(test, person);
    const confirming = person.codeNow(-1);
    expectProblem(await prove(test, { challengeToken, code: confirming }), 401, 'TWO_FACTOR_CODE_REFUSED');
    expect((await prove(test, { challengeToken, code: person.codeNow() })).status).toBe(200);
  });

  it('refuses at sign-in a code that was spent for step-up, and the other way round', async () => {
    const person = await anEnrolledPerson(test);
    const code = person.codeNow();
    expect((await person.client.post('/auth/step-up', { code })).status).toBe(200);
    const challengeToken = await openChallenge(test, person);
    expectProblem(await prove(test, { challengeToken, code }), 401, 'TWO_FACTOR_CODE_REFUSED');
    test.clock.advanceSeconds(30);
    const next = person.codeNow();
    expect((await prove(test, { challengeToken, code: next })).status).toBe(200);
    const stepUp = await person.client.post('/auth/step-up', { code: next });
    expectProblem(stepUp, 401, 'TWO_FACTOR_CODE_REFUSED');
  });

  it('refuses to enable twice with one code: of 10 at once, one takes effect', async () => {
    const person = await aSignedInUser(test);
    const { secret } = (await person.client.post('/two-factor/setup')).body as { secret: string };
    const { generateSync } = await import('otplib');
    const code = generateSync({ secret, epoch: test.clock.now().getTime() / 1000 });
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => person.client.post('/two-factor/enable', { code })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(9);
    expect(await test.database.client.backupCode.count({ where: { userId: person.id } })).toBe(8);
  });

  it('lets 20 parallel uses of one code succeed exactly once, in 50 rounds', async () => {
    const person = await anEnrolledPerson(test);
    const clients = Array.from({ length: 20 }, () => test.client());
    for (let round = 1; round <= 50; round += 1) {
      const tokens = await openChallenges(test, person, clients.length);
      const code = person.codeNow();
      const before = await sessionsOf(test, person);
      const answers = await Promise.all(
        clients.map((client, index) => prove(test, { challengeToken: tokens[index]!, code }, client)),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(19);
      expect((await sessionsOf(test, person)) - before).toBe(1);
      const spent = { userId: person.id, consumedAt: test.clock.now() };
      expect(await test.database.client.challenge.count({ where: spent })).toBe(1);
      expect((await factorOf(test, person)).lastTimeStep).toBe(
        Math.floor(test.clock.now().getTime() / 30_000),
      );
      await forgetFailures(test, person);
      test.clock.advanceSeconds(30);
    }
  });

  it('lets 20 parallel uses of one challenge succeed exactly once', async () => {
    const person = await anEnrolledPerson(test);
    const challengeToken = await openChallenge(test, person);
    const before = await sessionsOf(test, person);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => prove(test, { challengeToken, code: person.codeNow() })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await sessionsOf(test, person)) - before).toBe(1);
  });
});
