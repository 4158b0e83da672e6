import { anEnrolledPerson, factorOf, openChallenge, prove } from '../factories/second-factors.js';
import { aSignedInUser } from '../factories/people.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { expectProblem, faultsOf } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** Things that are no code of six ASCII digits, though some look like one. */
const NO_CODES: [string, unknown][] = [
  ['a number', 123456],
  ['an array', ['123456']],
  ['an object', { toString: '123456' }],
  ['null', null],
  ['true', true],
  ['nothing', ''],
  ['5 digits', '12345'],
  ['7 digits', '1234567'],
  ['full-width digits', '１２３４５６'],
  ['Arabic digits', '١٢٣٤٥٦'],
  ['a space inside', '123 456'],
  ['a space around', ' 123456'],
  ['a line break', '123456\n'],
  ['a sign', '+12345'],
  ['letters', '12345a'],
  ['a zero byte', '12345\u0000'],
  ['a million digits', '1'.repeat(50_000)],
];

const NO_BACKUP_CODES: [string, unknown][] = [
  ['a number', 1234567812345678],
  ['an array', ['7XK2-9QRT-0MWH-4ZDE']],
  ['null', null],
  ['nothing', ''],
  ['one symbol less', '7XK2-9QRT-0MWH-4ZD'],
  ['one symbol more', '7XK2-9QRT-0MWH-4ZDEE'],
  ['a letter of no code', 'UXK2-9QRT-0MWH-4ZDE'],
  ['full-width letters', '７XK2-9QRT-0MWH-4ZDE'],
  ['spaces', '7XK2 9QRT 0MWH 4ZDE'],
  ['six digits', '123456'],
  ['a wildcard', '%%%%-%%%%-%%%%-%%%%'],
  ['dashes without end', '-'.repeat(50_000)],
];

describe('bad input at the second factor', () => {
  let test: TestApp;
  let person: Awaited<ReturnType<typeof anEnrolledPerson>>;
  let challengeToken: string;
  beforeAll(async () => {
    test = await startTestApp({ environment: NO_LIMITS });
    person = await anEnrolledPerson(test);
    challengeToken = await openChallenge(test, person);
  });
  afterAll(() => test.close());

  /** Nothing of what was refused left a trace: no try, no failure, nothing spent. */
  afterEach(async () => {
    expect(await factorOf(test, person)).toMatchObject({ failedAttemptCount: 0, lockedUntil: null });
    const tried = { userId: person.id, OR: [{ attemptCount: { gt: 0 } }, { consumedAt: { not: null } }] };
    expect(await test.database.client.challenge.count({ where: tried })).toBe(0);
  });

  it.each(NO_CODES)('refuses as a code %s', async (_what, code) => {
    const response = await prove(test, { challengeToken, code });
    expectProblem(response, 400, 'VALIDATION_FAILED');
    expect(faultsOf(response)).toEqual([expect.stringMatching(/^code:(wrong_form|unusable_text)$/)]);
  });

  it.each(NO_BACKUP_CODES)('refuses as a backup code %s', async (_what, backupCode) => {
    const response = await prove(test, { challengeToken, backupCode });
    expectProblem(response, 400, 'VALIDATION_FAILED');
    expect(faultsOf(response)).toEqual(['backupCode:wrong_form']);
  });

  it('refuses both a code and a backup code, and neither', async () => {
    const both = { challengeToken, code: person.codeNow(), backupCode: person.backupCodes[0] };
    for (const proof of [both, { challengeToken }]) {
      const response = await prove(test, proof);
      expectProblem(response, 400, 'VALIDATION_FAILED');
      expect(faultsOf(response)).toEqual(['backupCode:exactly_one', 'code:exactly_one']);
    }
  });

  it('refuses a challenge token and a wish to be remembered of another form', async () => {
    const code = person.codeNow();
    const inputs: [object, string][] = [
      [{ code }, 'challengeToken'],
      [{ code, challengeToken: 42 }, 'challengeToken'],
      [{ code, challengeToken: [challengeToken] }, 'challengeToken'],
      [{ code, challengeToken: 'x'.repeat(513) }, 'challengeToken'],
      [{ code, challengeToken: `${challengeToken}.` }, 'challengeToken'],
      [{ code, challengeToken, rememberDevice: 'true' }, 'rememberDevice'],
      [{ code, challengeToken, rememberDevice: null }, 'rememberDevice'],
      [{ code, challengeToken, trust: true }, 'trust'],
    ];
    for (const [input, field] of inputs) {
      const response = await test.client().post('/auth/two-factor', input);
      expectProblem(response, 400, 'VALIDATION_FAILED');
      expect(faultsOf(response).map((fault) => fault.split(':')[0])).toEqual([field]);
    }
  });

  it('answers a token of the right form that is nobody\u2019s with 401', async () => {
    for (const token of ['x', 'A'.repeat(43), 'A'.repeat(512)]) {
      const response = await prove(test, { challengeToken: token, code: person.codeNow() });
      expectProblem(response, 401, 'CHALLENGE_REFUSED');
    }
  });

  it('refuses the same at enable, disable, step-up and for new backup codes, and counts no try', async () => {
    const { client } = await aSignedInUser(test);
    await client.post('/two-factor/setup');
    for (const path of [
      '/two-factor/enable',
      '/two-factor/disable',
      '/auth/step-up',
      '/two-factor/backup-codes',
    ]) {
      for (const [, code] of NO_CODES)
        expectProblem(await client.post(path, { code }), 400, 'VALIDATION_FAILED');
      expectProblem(await client.post(path, {}), 400, 'VALIDATION_FAILED');
    }
  });

  it('leaves the challenge and the code good', async () => {
    const { client, ...other } = await anEnrolledPerson(test);
    const token = await openChallenge(test, other);
    for (const [, code] of NO_CODES) await prove(test, { challengeToken: token, code }, client);
    expect((await prove(test, { challengeToken: token, code: other.codeNow() })).status).toBe(200);
  });
});
