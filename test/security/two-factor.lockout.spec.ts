import {
  anEnrolledPerson,
  eventsOf,
  factorOf,
  openChallenge,
  prove,
  wrongCode,
  type EnrolledPerson,
} from '../factories/second-factors.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { expectProblem } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('the lock of a factor', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({ environment: NO_LIMITS });
  });
  afterAll(() => test.close());

  const tryCode = async (person: EnrolledPerson, code: string) =>
    prove(test, { challengeToken: await openChallenge(test, person), code });

  /** Fails `count` times, each time on a challenge of its own. */
  const fail = async (person: EnrolledPerson, count: number) => {
    for (let index = 0; index < count; index += 1)
      expectProblem(await tryCode(person, wrongCode(person)), 401, 'TWO_FACTOR_CODE_REFUSED');
  };

  it('begins with the tenth failure in an hour, over challenges, and refuses the right code', async () => {
    const person = await anEnrolledPerson(test);
    await fail(person, 9);
    expect((await factorOf(test, person)).lockedUntil).toBeNull();
    await fail(person, 1);
    const refused = await tryCode(person, person.codeNow());
    expectProblem(refused, 401, 'TWO_FACTOR_CODE_REFUSED');
    const backup = await prove(test, {
      challengeToken: await openChallenge(test, person),
      backupCode: person.backupCodes[0],
    });
    expectProblem(backup, 401, 'TWO_FACTOR_CODE_REFUSED');
    const used = { userId: person.id, consumedAt: { not: null } };
    expect(await test.database.client.backupCode.count({ where: used })).toBe(0);
    expect(await eventsOf(test, 'two_factor.locked', person)).toBe(1);
  });

  it('is not told from a wrong code', async () => {
    const person = await anEnrolledPerson(test);
    const wrong = await tryCode(person, wrongCode(person));
    await fail(person, 9);
    const locked = await tryCode(person, person.codeNow());
    const same = (body: object) => ({ ...body, requestId: undefined });
    expect(same(locked.body as object)).toEqual(same(wrong.body as object));
  });

  it('lasts 30 minutes, ends by itself, and is neither counted nor extended by tries meanwhile', async () => {
    const person = await anEnrolledPerson(test);
    await fail(person, 10);
    const locked = await factorOf(test, person);
    expect(locked.lockedUntil).toEqual(new Date(test.clock.now().getTime() + 1_800_000));
    test.clock.advanceSeconds(900);
    await fail(person, 12);
    expect(await factorOf(test, person)).toEqual(locked);
    test.clock.advanceSeconds(899);
    expectProblem(await tryCode(person, person.codeNow()), 401, 'TWO_FACTOR_CODE_REFUSED');
    test.clock.advanceSeconds(1);
    expect((await tryCode(person, person.codeNow())).status).toBe(200);
    expect(await eventsOf(test, 'two_factor.locked', person)).toBe(1);
  });

  it('begins to count anew when it has ended', async () => {
    const person = await anEnrolledPerson(test);
    await fail(person, 10);
    test.clock.advanceSeconds(1800);
    await fail(person, 9);
    expect((await tryCode(person, person.codeNow())).status).toBe(200);
    await fail(person, 1);
    expectProblem(await tryCode(person, person.codeNow(-1)), 401, 'TWO_FACTOR_CODE_REFUSED');
    expect((await factorOf(test, person)).lockedUntil).not.toBeNull();
  });

  it('does not begin when the failures are spread over more than an hour', async () => {
    const person = await anEnrolledPerson(test);
    await fail(person, 9);
    test.clock.advanceSeconds(3600);
    await fail(person, 9);
    expect(await factorOf(test, person)).toMatchObject({ failedAttemptCount: 9, lockedUntil: null });
    expect((await tryCode(person, person.codeNow())).status).toBe(200);
  });

  it('is not undone by a success: that is no failure, and takes none back', async () => {
    const person = await anEnrolledPerson(test);
    await fail(person, 5);
    expect((await tryCode(person, person.codeNow())).status).toBe(200);
    expect((await factorOf(test, person)).failedAttemptCount).toBe(5);
    await fail(person, 5);
    test.clock.advanceSeconds(30);
    expectProblem(await tryCode(person, person.codeNow()), 401, 'TWO_FACTOR_CODE_REFUSED');
  });

  it('does not come from the right code as the tenth try', async () => {
    const person = await anEnrolledPerson(test);
    await fail(person, 9);
    expect((await tryCode(person, person.codeNow())).status).toBe(200);
    expect(await factorOf(test, person)).toMatchObject({ failedAttemptCount: 9, lockedUntil: null });
    expect(await eventsOf(test, 'two_factor.locked', person)).toBe(0);
  });

  it('comes with 30 parallel failures at the tenth, and is recorded once', async () => {
    const person = await anEnrolledPerson(test);
    const tokens = await Promise.all(Array.from({ length: 30 }, () => openChallenge(test, person)));
    await Promise.all(
      tokens.map((challengeToken) => prove(test, { challengeToken, code: wrongCode(person) })),
    );
    expect(await factorOf(test, person)).toMatchObject({
      failedAttemptCount: 10,
      lockedUntil: expect.any(Date),
    });
    expect(await eventsOf(test, 'two_factor.locked', person)).toBe(1);
  });

  it('cannot be brought about by a stranger without the password', async () => {
    const person = await anEnrolledPerson(test);
    const stranger = test.client();
    const guessed = { challengeToken: 'A'.repeat(43), code: wrongCode(person) };
    for (let index = 0; index < 12; index += 1) {
      expectProblem(await prove(test, guessed, stranger), 401, 'CHALLENGE_REFUSED');
    }
    for (let index = 0; index < 3; index += 1)
      await stranger.login({ email: person.email, password: 'not the password' });
    expect(await factorOf(test, person)).toMatchObject({ failedAttemptCount: 0, lockedUntil: null });
    expect((await tryCode(person, person.codeNow())).status).toBe(200);
  });

  it('of one account leaves every other one alone', async () => {
    const person = await anEnrolledPerson(test);
    const other = await anEnrolledPerson(test, { organizationId: person.organizationId });
    await fail(person, 10);
    expect((await tryCode(other, other.codeNow())).status).toBe(200);
  });

  it('is apart from guesses inside a session: those end it, and lock nothing [F-24]', async () => {
    const person = await anEnrolledPerson(test);
    const guesses: [string, object][] = [
      ['/auth/step-up', { code: wrongCode(person) }],
      ['/two-factor/disable', { code: wrongCode(person) }],
      ['/two-factor/backup-codes', { code: wrongCode(person) }],
    ];
    const codes = [];
    for (let index = 0; index < 12; index += 1) {
      const [path, body] = guesses[index % guesses.length]!;
      codes.push((await person.client.post(path, body)).body.code as string);
    }
    expect(codes.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 'TWO_FACTOR_CODE_REFUSED'));
    expect(codes.slice(10)).toEqual(['SESSION_ENDED', 'SESSION_ENDED']);
    expect(await factorOf(test, person)).toMatchObject({ failedAttemptCount: 0, lockedUntil: null });
    expect((await tryCode(person, person.codeNow())).status).toBe(200);
  });

  it('leaves the password alone: it goes on opening challenges', async () => {
    const person = await anEnrolledPerson(test);
    await fail(person, 10);
    expect((await test.client().login(person)).body).toMatchObject({ status: 'two_factor_required' });
  });
});
