import { aPerson, aSignedInUser } from '../factories/people.js';
import { anEnrolledPerson, prove } from '../factories/second-factors.js';
import { expectProblem, faultsOf } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('forgot password', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp();
  });
  afterAll(() => test.close());

  const ask = (email: string) => test.client().post('/auth/forgot-password', { email });
  const rowOf = (id: string) => test.database.client.user.findUniqueOrThrow({ where: { id } });

  it('gives the same bytes for known, unknown and suspended addresses [T-5.2a] [V6.3.8]', async () => {
    const known = await aPerson(test);
    const suspended = await aPerson(test, { status: 'SUSPENDED' });
    const answers = [
      await ask(known.email),
      await ask('nobody@example.com'),
      await ask(suspended.email),
      await ask(known.email),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(202);
      expect(answer.body).toEqual({ status: 'accepted', message: expect.any(String) });
      expect(answer.text).toBe(answers[0]!.text);
      expect(Object.keys(answer.headers)).toEqual(Object.keys(answers[0]!.headers));
    }
    expect(await rowOf(suspended.id)).toMatchObject({ passwordResetRequestedAt: null });
  });

  it('raises the flag with date and address, and changes nothing else [T-5.2a] [T-5.3]', async () => {
    const person = await aSignedInUser(test);
    const before = await rowOf(person.id);
    const sessionsBefore = await test.database.client.session.findMany({ where: { userId: person.id } });
    test.clock.advanceSeconds(30);
    const asking = test.client();
    await asking.post('/auth/forgot-password', { email: `  ${person.email.toUpperCase()}` });
    const after = await rowOf(person.id);
    expect(after).toEqual({
      ...before,
      passwordResetRequestedAt: test.clock.now(),
      passwordResetRequestIp: asking.address,
      updatedAt: expect.any(Date),
    });
    expect(await test.database.client.session.findMany({ where: { userId: person.id } })).toEqual(
      sessionsBefore,
    );
    expect(await test.database.client.challenge.count({ where: { userId: person.id } })).toBe(0);
    expect((await person.client.get('/users/me')).body).toMatchObject({
      passwordResetRequested: true,
      passwordResetRequestDate: test.clock.now().toISOString(),
    });
    expect((await test.client().login(person)).body).toMatchObject({ status: 'authenticated' });
  });

  it('keeps the date of the first request, so that asking again loses no place in the queue', async () => {
    const person = await aPerson(test);
    await ask(person.email);
    const { passwordResetRequestedAt } = await rowOf(person.id);
    test.clock.advanceSeconds(3600);
    await ask(person.email);
    expect(await rowOf(person.id)).toMatchObject({ passwordResetRequestedAt });
    const events = await test.database.client.securityEvent.findMany({ where: { targetId: person.id } });
    expect(events.map(({ action }) => action)).toEqual(['password.reset_requested']);
  });

  it('is withdrawn when its owner signs in with the password, and the trail says so [F-44]', async () => {
    const person = await aPerson(test);
    await ask(person.email);
    expect((await test.client().login({ ...person, password: 'Salah-kuda7' })).status).toBe(401);
    expect((await rowOf(person.id)).passwordResetRequestedAt).not.toBeNull();
    const { body } = await test.client().login(person);
    expect(body).toMatchObject({ user: { passwordResetRequested: false, passwordResetRequestDate: null } });
    expect(await rowOf(person.id)).toMatchObject({
      passwordResetRequestedAt: null,
      passwordResetRequestIp: null,
    });
    await test.client().login(person);
    const events = await test.database.client.securityEvent.findMany({
      where: { targetId: person.id, action: { startsWith: 'password.' } },
      orderBy: { sequence: 'asc' },
    });
    expect(events.map(({ action }) => action)).toEqual([
      'password.reset_requested',
      'password.reset_withdrawn',
    ]);
  });

  it('stays while a second factor is still due: its owner may need help with that [F-44]', async () => {
    const person = await anEnrolledPerson(test);
    await ask(person.email);
    const { challengeToken } = (await test.client().login(person)).body as { challengeToken: string };
    expect((await rowOf(person.id)).passwordResetRequestedAt).not.toBeNull();
    test.clock.advanceSeconds(60);
    await prove(test, { challengeToken, code: person.codeNow() });
    expect((await rowOf(person.id)).passwordResetRequestedAt).toBeNull();
  });

  it('refuses what is no address', async () => {
    const response = await ask('not an address');
    expectProblem(response, 400, 'VALIDATION_FAILED');
    expect(faultsOf(response)).toEqual(['email:wrong_form']);
  });
});
