import { solveChallenge, type Challenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/sha';
import { setTimeout as delay } from 'node:timers/promises';
import argon2 from 'argon2';
import { unavailable } from '../../src/platform/errors/platform.errors.js';
import { Jobs } from '../../src/platform/jobs/jobs.js';
import { PasswordHasher } from '../../src/platform/passwords/password-hasher.js';
import { aPerson, aSignedInUser, signIn, type Person } from '../factories/people.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { expectProblem } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import type { TestClient } from '../support/test-client.js';

const solveFor = async (test: TestApp): Promise<{ challenge: Challenge; solution: object }> => {
  const response = await test.client().get('/auth/captcha');
  expect(response.status).toBe(200);
  const challenge = response.body as Challenge;
  const solution = await solveChallenge({ challenge, deriveKey });
  return { challenge, solution: solution! };
};
const encode = (payload: object) => Buffer.from(JSON.stringify(payload)).toString('base64');

describe('the proof of work', () => {
  let test: TestApp;
  let person: Person;
  beforeAll(async () => {
    // The library asks the machine's clock as well.
    const clock = new FakeClock(new Date());
    test = await startTestApp({
      clock,
      environment: { ...NO_LIMITS, CAPTCHA: 'auto', CAPTCHA_DIFFICULTY: '1000', HASH_CONCURRENCY: '1' },
    });
  });
  beforeEach(async () => {
    test.clock.advanceSeconds(3601);
    person = await aPerson(test);
  });
  afterAll(() => test.close());

  const solve = () => solveFor(test);
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

  it('counts refusals in one row, and they leave no other [F-40]', async () => {
    await failThrice();
    const client = test.client();
    for (let index = 0; index < 20; index += 1)
      expect((await login('wrong', undefined, client)).status).toBe(403);
    await test.app.get(Jobs).runNow('refused sign-ins');
    const rows = (await attempts()).filter(({ failureReason }) => failureReason === 'captcha_required');
    expect(rows).toMatchObject([{ count: 20, userId: null, organizationId: person.organizationId }]);
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

/**
 * A flood over HTTP, with the hashes held in hand: each ends when the test says so, and is known by its password.
 */
describe('while strangers flood the sign-in', () => {
  /** HASH_CONCURRENCY 1: eight sign-ins under way, and a line that is long when sixteen wait. */
  const UNDER_WAY = 8;
  const LONG = 16;
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({
      clock: new FakeClock(new Date()),
      environment: { ...NO_LIMITS, CAPTCHA: 'auto', CAPTCHA_DIFFICULTY: '1000', HASH_CONCURRENCY: '1' },
    });
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => test.close());

  const eventually = async (isSo: () => boolean) => {
    for (let wait = 0; wait < 500 && !isSo(); wait += 1) await delay(10);
    expect(isSo()).toBe(true);
  };
  const holdHashes = () => {
    const served: string[] = [];
    const held: (() => void)[] = [];
    const verify = argon2.verify.bind(argon2);
    jest.spyOn(argon2, 'verify').mockImplementation(async (hash, password, options) => {
      served.push(String(password));
      await new Promise<void>((resolve) => held.push(resolve));
      return verify(hash, password, options);
    });
    return { served, endOne: () => held.shift()?.() };
  };
  const stranger = (password: string, address: string, altcha?: string) => {
    const client = test.client();
    client.address = address;
    return client.post('/auth/login', {
      email: `${password.toLowerCase().replaceAll(' ', '')}@example.com`,
      password,
      ...(altcha !== undefined && { altcha }),
    });
  };

  it('a step-up goes first, then a known browser, then who has worked, then each network in turn [F-43]', async () => {
    const hasher = test.app.get(PasswordHasher);
    const person = await aSignedInUser(test);
    const owner = await signIn(test, await aPerson(test));
    const altcha = encode(await solveFor(test));
    const { served, endOne } = holdHashes();
    // One network comes with many addresses, sixteen more with one each.
    const flood = Array.from({ length: UNDER_WAY + 4 }, (_, host) =>
      stranger(`flood ${host}`, `198.51.100.${host}`),
    );
    await eventually(() => served.length === 1 && hasher.waiting === UNDER_WAY - 1 + 4);
    const others = Array.from({ length: LONG - 4 }, (_, net) => stranger(`other ${net}`, `203.0.${net}.1`));
    await eventually(() => hasher.isCrowded);

    expectProblem(await stranger('unasked', '192.0.2.1'), 403, 'CAPTCHA_REQUIRED');
    const worker = stranger('worker', '192.0.2.2', altcha);
    await eventually(() => hasher.waiting === UNDER_WAY - 1 + LONG + 1);
    const known = owner.client.post('/auth/login', { email: owner.email, password: 'known browser' });
    await eventually(() => hasher.waiting === UNDER_WAY - 1 + LONG + 2);
    const stepUp = person.client.post('/auth/step-up', { password: person.password });
    await eventually(() => hasher.waiting === UNDER_WAY - 1 + LONG + 3);

    const answers = Promise.all([...flood, ...others, worker, known, stepUp]);
    for (let left = hasher.waiting; left >= 0; left -= 1) {
      const before = served.length;
      endOne();
      if (left > 0) await eventually(() => served.length > before);
      // Whoever was let in meanwhile has looked its account up and stands at the gate.
      await eventually(() => hasher.waiting === left - 1 || left === 0);
      await delay(60);
    }
    await answers;
    expect((await stepUp).status).toBe(200);
    expect((await known).status).toBe(401);
    expect(served.slice(0, 2)).toEqual(['flood 0', person.password]);
    // Let in with the first free place, and ahead of all strangers at the gate from then on.
    expect(served.indexOf('known browser')).toBeLessThanOrEqual(2);
    expect(served.indexOf('worker')).toBeLessThanOrEqual(4);
    // The four of the flood that had to wait outside share the turns of one network with twelve others.
    const outside = served.filter((name) => /^other|^flood (8|9|10|11)$/.test(name));
    expect(outside.slice(0, 13).filter((name) => name.startsWith('flood'))).toHaveLength(1);
    expect(served).toHaveLength(UNDER_WAY + LONG + 3);
  }, 60_000);

  it('who is refused in the line is no failure, and finds the way when the line is short again [F-43]', async () => {
    const person = await aPerson(test);
    const gate = jest
      .spyOn(test.app.get(PasswordHasher), 'inTurn')
      .mockRejectedValue(unavailable({ retryAfterSeconds: 5 }));
    const client = test.client();
    for (let index = 0; index < 12; index += 1) {
      const refused = await client.login(person);
      expectProblem(refused, 503, 'UNAVAILABLE');
      expect(refused.headers['retry-after']).toBe('5');
    }
    gate.mockRestore();
    const crowded = jest.spyOn(test.app.get(PasswordHasher), 'verify').mockRejectedValueOnce(unavailable());
    expectProblem(await client.login(person), 503, 'UNAVAILABLE');
    crowded.mockRestore();
    expect((await client.login(person)).status).toBe(200);
    expect(
      await test.database.client.loginLockout.findMany({ where: { email: person.email } }),
    ).toMatchObject([{ failures: [] }]);
    const rows = await test.database.client.loginAttempt.findMany({ where: { email: person.email } });
    expect(rows.map(({ failureReason }) => failureReason).toSorted()).toEqual([null, 'rate_limited']);
  });
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
