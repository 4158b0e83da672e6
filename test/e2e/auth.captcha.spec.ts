import { solveChallenge, type Challenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/sha';
import { aPerson, type Person } from '../factories/people.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { expectProblem } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import type { TestClient } from '../support/test-client.js';

const encode = (payload: object) => Buffer.from(JSON.stringify(payload)).toString('base64');

describe('the proof of work', () => {
  let test: TestApp;
  let person: Person;
  beforeAll(async () => {
    // The library asks the machine's clock as well.
    const clock = new FakeClock(new Date());
    test = await startTestApp({
      clock,
      environment: { ...NO_LIMITS, CAPTCHA: 'altcha', CAPTCHA_DIFFICULTY: '1000' },
    });
  });
  beforeEach(async () => {
    test.clock.advanceSeconds(3601);
    person = await aPerson(test);
  });
  afterAll(() => test.close());

  const solve = async (): Promise<{ challenge: Challenge; solution: object }> => {
    const response = await test.client().get('/auth/captcha');
    expect(response.status).toBe(200);
    const challenge = response.body as Challenge;
    const solution = await solveChallenge({ challenge, deriveKey });
    return { challenge, solution: solution! };
  };
  const login = (
    password: string,
    altcha?: string,
    client: TestClient = test.client(),
    email = person.email,
  ) => client.post('/auth/login', { email, password, ...(altcha !== undefined && { altcha }) });
  const failThrice = async (email = person.email) => {
    for (let index = 0; index < 3; index += 1)
      expectProblem(await login('wrong', undefined, test.client(), email), 401, 'INVALID_CREDENTIALS');
  };
  const attempts = () =>
    test.database.client.loginAttempt.findMany({ where: { email: person.email }, orderBy: { id: 'asc' } });

  it('is due after three failures for an email, and lets the right password through once it is given [O-6]', async () => {
    await failThrice();
    expectProblem(await login(person.password), 403, 'CAPTCHA_REQUIRED');
    expect((await attempts()).at(-1)).toMatchObject({ success: false, failureReason: 'captcha_required' });
    const answer = await login(person.password, encode(await solve()));
    expect(answer.body).toMatchObject({ status: 'authenticated' });
  });

  it('is due after three failures from an address, whatever the email', async () => {
    const client = test.client();
    for (let index = 0; index < 3; index += 1)
      await login('wrong', undefined, client, `nobody${index}@example.com`);
    expectProblem(await login(person.password, undefined, client), 403, 'CAPTCHA_REQUIRED');
    expect((await login(person.password)).status).toBe(200);
    expect((await login(person.password, encode(await solve()), client)).status).toBe(200);
  });

  it('is not due before that, nor in a browser that its owner used before', async () => {
    const own = test.client();
    expect((await login(person.password, undefined, own)).status).toBe(200);
    await failThrice();
    expect((await login(person.password, undefined, own)).status).toBe(200);
  });

  it('is due for an address that no account has just the same, and while it is locked', async () => {
    const unknown = `ghost${test.clock.now().getTime()}@example.com`;
    await failThrice();
    await failThrice(unknown);
    const known = await login('wrong');
    const other = await login('wrong', undefined, test.client(), unknown);
    expectProblem(known, 403, 'CAPTCHA_REQUIRED');
    expect({ ...other.body, requestId: 0 }).toEqual({ ...known.body, requestId: 0 });
    for (let index = 0; index < 7; index += 1) await login('wrong', encode(await solve()));
    expectProblem(await login(person.password), 403, 'CAPTCHA_REQUIRED');
    expectProblem(await login(person.password, encode(await solve())), 401, 'INVALID_CREDENTIALS');
  });

  it('refused does not feed the lockout', async () => {
    await failThrice();
    for (let index = 0; index < 20; index += 1) await login('wrong');
    expect((await login(person.password, encode(await solve()))).status).toBe(200);
  });

  it('works once, also at the same instant', async () => {
    await failThrice();
    const altcha = encode(await solve());
    const answers = await Promise.all(Array.from({ length: 10 }, () => login(person.password, altcha)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([
      200,
      ...Array.from({ length: 9 }, () => 403),
    ]);
    expectProblem(await login(person.password, altcha), 403, 'CAPTCHA_REQUIRED');
  });

  it('expires after five minutes', async () => {
    await failThrice();
    const altcha = encode(await solve());
    test.clock.advanceSeconds(301);
    expectProblem(await login(person.password, altcha), 403, 'CAPTCHA_REQUIRED');
  });

  it.each([
    [
      'a made-up signature',
      ({ challenge, solution }) => ({ challenge: { ...challenge, signature: 'ab'.repeat(32) }, solution }),
    ],
    [
      'an easier challenge',
      ({ challenge, solution }) => ({
        challenge: { ...challenge, parameters: { ...challenge.parameters, keyPrefix: '00' } },
        solution,
      }),
    ],
    [
      'a longer life',
      ({ challenge, solution }) => ({
        challenge: {
          ...challenge,
          parameters: { ...challenge.parameters, expiresAt: challenge.parameters.expiresAt! + 999 },
        },
        solution,
      }),
    ],
    [
      'a guessed key',
      ({ challenge, solution }) => ({ challenge, solution: { ...solution, derivedKey: '00'.repeat(32) } }),
    ],
  ] as [string, (genuine: { challenge: Challenge; solution: object }) => object][])(
    'is refused with %s',
    async (_what, forge) => {
      await failThrice();
      const genuine = await solve();
      expectProblem(await login(person.password, encode(forge(genuine))), 403, 'CAPTCHA_REQUIRED');
    },
  );

  it.each(['', 'x', '{}', encode({}), encode({ challenge: 1 }), encode([]), 'A'.repeat(5000)])(
    'that has no form (%p) is refused as input',
    async (altcha) => {
      expectProblem(await login(person.password, altcha), 400, 'VALIDATION_FAILED');
    },
  );
});

describe('without CAPTCHA', () => {
  it('no proof of work is due', async () => {
    const test = await startTestApp({ environment: NO_LIMITS });
    try {
      const person = await aPerson(test);
      for (let index = 0; index < 5; index += 1)
        await test.client().login({ email: person.email, password: 'wrong' });
      expect((await test.client().login(person)).status).toBe(200);
    } finally {
      await test.close();
    }
  });
});
