import {
  anEnrolledPerson,
  eventsOf,
  forgetFailures,
  openChallenge,
  openChallenges,
  prove,
  sessionsOf,
  type EnrolledPerson,
} from '../factories/second-factors.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { expectProblem } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('backup codes [L-S7.2]', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({ environment: NO_LIMITS });
  });
  afterAll(() => test.close());

  /** Signs in with a backup code on a new browser. */
  const use = async (person: EnrolledPerson, backupCode: string) =>
    prove(test, { challengeToken: await openChallenge(test, person), backupCode });

  it('are eight different ones of 80 bits, grouped for reading [V6.5.4]', async () => {
    const { backupCodes } = await anEnrolledPerson(test);
    expect(new Set(backupCodes).size).toBe(8);
    for (const code of backupCodes)
      expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$/);
  });

  const spellings: [string, (code: string) => string][] = [
    ['as shown', (code) => code],
    ['in lower case', (code) => code.toLowerCase()],
    ['without the dashes', (code) => code.replaceAll('-', '')],
    ['in lower case without the dashes', (code) => code.toLowerCase().replaceAll('-', '')],
    ['with the look-alikes O and l', (code) => code.replaceAll('0', 'O').replaceAll('1', 'l')],
  ];
  it.each(spellings)('are accepted %s, once', async (_how, spell) => {
    const person = await anEnrolledPerson(test);
    const backupCode = spell(person.backupCodes[0]!);
    expect((await use(person, backupCode)).body.status).toBe('authenticated');
    expectProblem(await use(person, backupCode), 401, 'TWO_FACTOR_CODE_REFUSED');
    expectProblem(await use(person, person.backupCodes[0]!), 401, 'TWO_FACTOR_CODE_REFUSED');
  });

  it('show how many are left, and give notice when two or fewer are', async () => {
    const person = await anEnrolledPerson(test);
    for (const [index, code] of person.backupCodes.entries()) {
      const left = 7 - index;
      expect((await use(person, code)).status).toBe(200);
      expect((await person.client.get('/two-factor')).body).toMatchObject({ backupCodesLeft: left });
      expect(await eventsOf(test, 'two_factor.backup_code_used', person)).toBe(index + 1);
      expect(await eventsOf(test, 'two_factor.backup_codes_low', person)).toBe(Math.max(0, 3 - left));
    }
    const low = await test.database.client.securityEvent.findMany({
      where: { action: 'two_factor.backup_codes_low', targetId: person.id },
      orderBy: { id: 'asc' },
    });
    expect(low.map(({ details }) => details)).toEqual([{ left: 2 }, { left: 1 }, { left: 0 }]);
  });

  it('of somebody else are refused, and stay good for their owner', async () => {
    const person = await anEnrolledPerson(test);
    const other = await anEnrolledPerson(test, { organizationId: person.organizationId });
    expectProblem(await use(person, other.backupCodes[0]!), 401, 'TWO_FACTOR_CODE_REFUSED');
    expect((await use(other, other.backupCodes[0]!)).status).toBe(200);
  });

  it('of somebody else are refused also when the stored row was moved to the account', async () => {
    const person = await anEnrolledPerson(test);
    const other = await anEnrolledPerson(test, { organizationId: person.organizationId });
    await test.database.client.backupCode.deleteMany({ where: { userId: person.id } });
    await test.database.client.backupCode.updateMany({
      where: { userId: other.id },
      data: { userId: person.id },
    });
    expectProblem(await use(person, other.backupCodes[0]!), 401, 'TWO_FACTOR_CODE_REFUSED');
  });

  it('cannot be read out of a dump, and what a dump holds opens nothing [V6.5.2]', async () => {
    const person = await anEnrolledPerson(test);
    const rows = await test.database.client.$queryRaw<{ row: string; hash: string }[]>`
      SELECT to_jsonb(b)::text AS row, encode(code_hash, 'hex') AS hash
      FROM benteng.backup_codes b WHERE user_id = ${person.id}::uuid`;
    const dump = rows
      .map(({ row }) => row)
      .join('\n')
      .toUpperCase();
    expect(rows).toHaveLength(8);
    for (const code of person.backupCodes) {
      expect(dump).not.toContain(code);
      expect(dump).not.toContain(code.replaceAll('-', ''));
    }
    const challengeToken = await openChallenge(test, person);
    const replayed = await prove(test, { challengeToken, backupCode: rows[0]!.hash });
    expectProblem(replayed, 400, 'VALIDATION_FAILED');
  });

  it('are all dead after a new set was made, which works', async () => {
    const person = await anEnrolledPerson(test);
    const answer = await person.client.post('/two-factor/backup-codes', { code: person.codeNow() });
    expect(answer.status).toBe(200);
    const { backupCodes } = answer.body as { backupCodes: string[] };
    expect(backupCodes).toHaveLength(8);
    expect(backupCodes.filter((code) => person.backupCodes.includes(code))).toEqual([]);
    const tokens = await openChallenges(test, person, 8);
    for (const [index, backupCode] of person.backupCodes.entries()) {
      const refused = await prove(test, { challengeToken: tokens[index]!, backupCode });
      expectProblem(refused, 401, 'TWO_FACTOR_CODE_REFUSED');
    }
    expect((await use(person, backupCodes[7]!)).status).toBe(200);
    expect(await eventsOf(test, 'two_factor.backup_codes_replaced', person)).toBe(1);
  });

  it('cannot be made anew with a wrong code, nor with a backup code', async () => {
    const person = await anEnrolledPerson(test);
    const wrong = await person.client.post('/two-factor/backup-codes', { code: person.codeNow(2) });
    expectProblem(wrong, 401, 'TWO_FACTOR_CODE_REFUSED');
    const [backupCode] = person.backupCodes;
    expectProblem(
      await person.client.post('/two-factor/backup-codes', { backupCode }),
      400,
      'VALIDATION_FAILED',
    );
    expect((await use(person, backupCode!)).status).toBe(200);
  });

  it('succeed once of 20 parallel uses of one code, in 50 rounds [V6.5.1]', async () => {
    let person = await anEnrolledPerson(test);
    const clients = Array.from({ length: 20 }, () => test.client());
    for (let round = 0; round < 50; round += 1) {
      if (round % 8 === 0 && round > 0) person = await anEnrolledPerson(test);
      const backupCode = person.backupCodes[round % 8]!;
      const tokens = await openChallenges(test, person, clients.length);
      const before = await sessionsOf(test, person);
      const answers = await Promise.all(
        clients.map((client, index) => prove(test, { challengeToken: tokens[index]!, backupCode }, client)),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(19);
      expect((await sessionsOf(test, person)) - before).toBe(1);
      const used = { userId: person.id, consumedAt: { not: null } };
      expect(await test.database.client.backupCode.count({ where: used })).toBe((round % 8) + 1);
      await forgetFailures(test, person);
    }
  }, 120_000);

  it('burn both when two different ones are used at once, and neither comes back', async () => {
    const person = await anEnrolledPerson(test);
    for (let round = 0; round < 4; round += 1) {
      const pair = person.backupCodes.slice(round * 2, round * 2 + 2);
      const tokens = await openChallenges(test, person, 2);
      const answers = await Promise.all(
        pair.map((backupCode, index) => prove(test, { challengeToken: tokens[index]!, backupCode })),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      const used = { userId: person.id, consumedAt: { not: null } };
      expect(await test.database.client.backupCode.count({ where: used })).toBe(round * 2 + 2);
      for (const code of pair) expectProblem(await use(person, code), 401, 'TWO_FACTOR_CODE_REFUSED');
      await forgetFailures(test, person);
    }
  });

  it('burn only one when two different ones answer one challenge at once', async () => {
    const person = await anEnrolledPerson(test);
    const challengeToken = await openChallenge(test, person);
    const answers = await Promise.all(
      person.backupCodes.slice(0, 2).map((backupCode) => prove(test, { challengeToken, backupCode })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401]);
    const used = { userId: person.id, consumedAt: { not: null } };
    expect(await test.database.client.backupCode.count({ where: used })).toBe(1);
  });

  it('all used up: an administrator removes the factor, and sign-in is single-step again', async () => {
    const person = await anEnrolledPerson(test, { role: 'ADMIN' });
    const lost = await anEnrolledPerson(test, { organizationId: person.organizationId });
    for (const code of lost.backupCodes) expect((await use(lost, code)).status).toBe(200);
    const stepUp = await person.client.post('/auth/step-up', { password: person.password });
    person.client.accessToken = (stepUp.body as { accessToken: string }).accessToken;
    expect((await person.client.delete(`/users/${lost.id}/two-factor`)).status).toBe(204);
    expect((await test.client().login(lost)).body).toMatchObject({
      status: 'authenticated',
      user: { twoFactorEnabled: false },
    });
  });
});
