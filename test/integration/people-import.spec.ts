import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import argon2 from 'argon2';
import bcrypt from 'bcrypt';
import { Database } from '../../src/platform/database/database.js';
import { OPERATOR } from '../../src/platform/passwords/hash-caller.js';
import { PasswordHasher } from '../../src/platform/passwords/password-hasher.js';
import { PeopleImport, type ImportOptions } from '../../src/users/people-import.js';
import { anOrganization, aPerson, GOOD_PASSWORD } from '../factories/people.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { withoutRequestId } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('the import of people', () => {
  let test: TestApp;
  let organizationId: string;
  const folder = mkdtempSync(join(tmpdir(), 'benteng-import-'));
  beforeAll(async () => {
    test = await startTestApp({ environment: NO_LIMITS });
  });
  beforeEach(async () => {
    organizationId = await anOrganization(test);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(async () => {
    await test.close();
    rmSync(folder, { recursive: true });
  });

  let counter = 0;
  const run = (text: string | Buffer, more: Partial<ImportOptions> = {}) => {
    counter += 1;
    const file = join(folder, `people-${counter}`);
    writeFileSync(file, text);
    const options = {
      format: 'jsonl',
      organizationId,
      batchSize: 10,
      skipRefused: false,
      dryRun: false,
    } as const;
    return test.app.get(PeopleImport).run({ file, ...options, ...more });
  };
  const lines = (people: object[]) => people.map((person) => JSON.stringify(person)).join('\n');
  const emails = async () =>
    (await test.database.client.user.findMany({ where: { organizationId }, orderBy: { email: 'asc' } })).map(
      ({ email }) => email,
    );
  /** The alert is written behind the answer. */
  const expectAlert = async ({ id, organizationId: owner }: { id: string; organizationId: string }) => {
    for (let wait = 0; wait < 100; wait += 1) {
      const alerts = await test.database.client.alert.findMany({ where: { organizationId: owner } });
      if (alerts.length > 0) {
        expect(alerts).toMatchObject([{ kind: 'password_hash_refused', details: { userId: id } }]);
        return;
      }
      await delay(20);
    }
    throw new Error('no alert was raised');
  };
  const email = (name: string) => `${name}.${organizationId}@example.com`;

  it('lets people sign in with the hash of bcrypt they had, once: argon2id takes its place', async () => {
    const passwordHash = await bcrypt.hash(GOOD_PASSWORD, 4);
    const report = await run(
      lines([{ email: email('ani').toUpperCase(), name: 'Ani', role: 'ADMIN', locale: 'id', passwordHash }]),
    );
    expect(report).toEqual({ accepted: 1, imported: 1, before: 0, refused: [] });
    const stored = () => test.database.client.user.findUniqueOrThrow({ where: { email: email('ani') } });
    expect(await stored()).toMatchObject({ name: 'Ani', role: 'ADMIN', locale: 'id', passwordHash });
    const login = (password: string) => test.client().login({ email: email('ani'), password });
    expect((await login(`${GOOD_PASSWORD}!`)).status).toBe(401);
    expect((await stored()).passwordHash).toBe(passwordHash);
    expect((await login(GOOD_PASSWORD)).status).toBe(200);
    expect((await stored()).passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect((await login(GOOD_PASSWORD)).status).toBe(200);
  });

  it('does not believe a stored hash: what is unreadable or too dear is refused at the usual cost, with an alert [F-26]', async () => {
    const tag = 'wNY5s8P8KCMGBEVlN4ofVRIRN66UkL/F5/915QNHKTc';
    const hashes = [
      `$argon2id$v=19$m=1048576,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$${tag}`,
      `$argon2id$v=19$m=19456,t=400,p=1$c29tZXNhbHRzb21lc2FsdA$${tag}`,
      `$argon2id$v=19$m=19456,t=0,p=1$c29tZXNhbHRzb21lc2FsdA$${tag}`,
      `$argon2id$v=19$m=4,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$${tag}`,
      `$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQAA$${tag}`,
      `$argon2id$v=99$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$${tag}`,
      `$2b$16$${'a'.repeat(53)}`,
      '{SSHA}5f4dcc3b5aa765d61d8327deb882cf99',
      '',
    ];
    const unknown = await test.client().login({ email: email('nobody'), password: GOOD_PASSWORD });
    const operations = jest.spyOn(argon2, 'verify');
    for (const passwordHash of hashes) {
      const person = await aPerson(test, { passwordHash, role: 'ADMIN' });
      const answer = await test.client().login(person);
      expect([passwordHash, answer.status]).toEqual([passwordHash, 401]);
      expect(withoutRequestId(answer)).toEqual(withoutRequestId(unknown));
      // The dummy is computed, the stored hash is not.
      expect(operations.mock.calls.at(-1)![0]).toContain('m=19456,t=2,p=1$EZt9zAOm');
      await expectAlert(person);
    }
    expect(operations).toHaveBeenCalledTimes(hashes.length);
  });

  it('reads CSV as spreadsheets write it; without a hash the account waits for a password', async () => {
    const hash = await test.app.get(PasswordHasher).hash(GOOD_PASSWORD, OPERATOR);
    const text = `\ufeffemail,name,role,locale,passwordHash\r\n${email('a')},"Siti, ""Ibu""",,,\r\n\r\n${email('b')},Budi,USER,en,"${hash}"\r\n`;
    expect(await run(text, { format: 'csv' })).toMatchObject({ accepted: 2, imported: 2, refused: [] });
    const rows = await test.database.client.user.findMany({
      where: { organizationId },
      orderBy: { email: 'asc' },
    });
    expect(rows).toMatchObject([
      { name: 'Siti, "Ibu"', role: 'USER', passwordHash: null },
      { name: 'Budi', passwordHash: hash },
    ]);
    expect((await test.client().login({ email: email('b'), password: GOOD_PASSWORD })).status).toBe(200);
  });

  it('judges the whole file first: one bad line, and nothing is written', async () => {
    const taken = await aPerson(test);
    const good = { email: email('good'), name: 'Good' };
    const text = [
      lines([good]),
      '{',
      lines([
        { email: 'no address', name: 'X' },
        { email: email('x'), name: '' },
        { email: email('y'), name: 'Y', isAdmin: true },
        { email: email('z'), name: 'Z', passwordHash: 'md5:5f4dcc3b' },
        { email: email('w'), name: 'W', passwordHash: `$2b$31$${'a'.repeat(53)}` },
        { ...good, email: email('GOOD') },
        { email: taken.email, name: 'Taken' },
      ]),
    ].join('\n');
    const report = await run(text);
    expect(report).toMatchObject({ accepted: 1, imported: 0 });
    expect(report.refused.map(({ line, reasons }) => [line, reasons.length])).toEqual(
      [2, 3, 4, 5, 6, 7, 8, 9].map((line) => [line, 1]),
    );
    expect(report.refused.at(-1)!.reasons).toEqual(['email is already in use']);
    expect(await emails()).toEqual([]);
    expect(await run(text, { skipRefused: true })).toMatchObject({ accepted: 1, imported: 1 });
    expect(await emails()).toEqual([email('good')]);
  });

  it.each([
    [
      'Latin-1',
      Buffer.from(`email,name\nani@example.com,Ani\njose@example.com,Jos\u00e9\n`, 'latin1'),
      /^Line 3 is not UTF-8/,
    ],
    ['a letter that was lost before', 'email,name\njose@example.com,Jos\ufffd\n', /^Line 2 holds U\+FFFD/],
    ['UTF-16', Buffer.from('\ufeffemail,name\na@example.com,A\n', 'utf16le'), /^Line 1: .*UTF-16/],
    ['a workbook with another ending', Buffer.from('PK\x03\x04\x14\0\x06\0'), /^Line 1: .*workbook/],
    ['an old workbook', Buffer.from('d0cf11e0a1b11ae1', 'hex'), /^Line 1: .*workbook/],
    ['NUL', 'email,name\na@example.com,A\0\n', /^Line 2 holds NUL/],
    ['no header', 'a@example.com,Ani\nb@example.com,Budi\n', /^Line 1 is no header/],
    ['a header in another language', 'surel,nama\na@example.com,Ani\n', /^Line 1 is no header/],
    ['a column twice', 'email,name,name\na@example.com,Ani,Budi\n', /^Line 1 is no header/],
    ['semicolons', 'email;name\na@example.com;Ani\n', /^Line 1 is no header.*separated by ";"/],
    ['an open quote', 'email,name\na@example.com,"Ani\n', /^The file is no CSV: .*line 2/],
    ['a header alone', 'email,name\n', /^The file holds nobody/],
    ['nothing', '', /^The file holds nobody/],
    ['a line without end', `email,name\na@example.com,${'x'.repeat(70_000)}\n`, /^Line 2 is longer/],
  ])(
    'refuses a file with %s by line and reason, even with --skip-refused [F-15]',
    async (_what, text, words) => {
      const error = (await run(text, { format: 'csv', skipRefused: true }).catch(
        (reason: unknown) => reason,
      )) as Error;
      expect([error.constructor.name, error.message]).toEqual([
        'OperatorError',
        expect.stringMatching(words),
      ]);
      expect(await emails()).toEqual([]);
    },
  );

  it('refuses a line whose comma cuts a name, and one that lacks a cell [F-15]', async () => {
    const text = `email,name,role\n${email('a')},Ani\n${email('b')},Siti, Ibu,USER\n${email('c')},"Siti, Ibu",USER\n`;
    const report = await run(text, { format: 'csv' });
    expect(report).toMatchObject({ accepted: 1, imported: 0 });
    expect(report.refused).toEqual([
      { line: 2, reasons: [expect.stringMatching(/2 cells and the header 3/)] },
      { line: 3, reasons: [expect.stringMatching(/4 cells and the header 3.*quotes/)] },
    ]);
    expect(await emails()).toEqual([]);
    const whole = JSON.stringify({ email: email('d'), name: 'Jos\u00e9\u2028' });
    for (const bad of [Buffer.from(`${whole}\n{"email":"x","name":"Jos\u00e9"}\n`, 'latin1'), 'PK\x03\x04'])
      await expect(run(bad)).rejects.toThrow(/^Line [12]/);
    expect(await emails()).toEqual([]);
  });

  it('refuses a line of JSON that names a field twice, however it is written [F-15]', async () => {
    const text = [
      `{"email":"${email('a')}","name":"Ani","name":"Budi"}`,
      `{"email":"${email('b')}","name":"Budi","em\\u0061il":"${email('c')}"}`,
      `{"email":"${email('d')}","name":"Dewi","role":"USER","role":"USER"}`,
      `{"email":"${email('e')}","name":"name\\",\\"name"}`,
    ].join('\n');
    const report = await run(text, { skipRefused: true });
    expect(report.refused).toEqual([
      { line: 1, reasons: ['the line names "name" twice'] },
      { line: 2, reasons: ['the line names "email" twice'] },
      { line: 3, reasons: ['the line names "role" twice'] },
    ]);
    expect(await emails()).toEqual([email('e')]);
  });

  it('refuses hashes that would cost too much to check, or that nothing can check, with line and reason [F-26]', async () => {
    const salt = 'c29tZXNhbHRzb21lc2FsdA';
    const tag = 'wNY5s8P8KCMGBEVlN4ofVRIRN66UkL/F5/915QNHKTc';
    const argon2id = (parameters: string) => `$argon2id$v=19$${parameters}$${salt}$${tag}`;
    const good = [
      argon2id('m=262144,t=10,p=8'),
      argon2id('m=8,t=1,p=1'),
      `$2b$14$${'a'.repeat(53)}`,
      `$2y$04$${'a'.repeat(53)}`,
    ];
    const bad = [
      argon2id('m=262145,t=2,p=1'),
      argon2id('m=19456,t=11,p=1'),
      argon2id('m=19456,t=2,p=9'),
      argon2id('m=99999999999999999999,t=2,p=1'),
      argon2id('m=7,t=1,p=1'),
      argon2id('m=19456,t=0,p=1'),
      argon2id('m=19456,t=2,p=0'),
      argon2id('m=1e3,t=2,p=1'),
      argon2id('m=19456,t=2,p=1').replace('v=19', 'v=1'),
      `${argon2id('m=19456,t=2,p=1')}A`.repeat(9),
      `$argon2id$v=19$m=19456,t=2,p=1$${salt}$AAAAAAAAAAAAAAAAAAAAAAAAA`,
      `$2b$15$${'a'.repeat(53)}`,
      `$2b$12$${'a'.repeat(52)}`,
    ];
    const people = [...good, ...bad].map((passwordHash, at) => ({
      email: email(`h${at}`),
      name: `H ${at}`,
      passwordHash,
    }));
    const report = await run(lines(people), { dryRun: true });
    expect(report.accepted).toBe(good.length);
    expect(report.refused.map(({ line }) => line)).toEqual(bad.map((_, at) => good.length + at + 1));
    for (const { reasons } of report.refused) expect(reasons.join()).toContain('m=262144, t=10, p=8');
  });

  it('changes nothing in a dry run', async () => {
    expect(await run(lines([{ email: email('dry'), name: 'Dry' }]), { dryRun: true })).toMatchObject({
      accepted: 1,
      imported: 0,
    });
    expect(await emails()).toEqual([]);
  });

  it('goes on where it was killed, each batch whole or not at all', async () => {
    const people = Array.from({ length: 25 }, (_, index) => ({
      email: email(`p${index}`),
      name: `P ${index}`,
    }));
    const original = test.app.get(Database).transaction.bind(test.app.get(Database));
    let batches = 0;
    jest.spyOn(test.app.get(Database), 'transaction').mockImplementation((work) =>
      original(async (tx) => {
        const outcome = await work(tx);
        batches += 1;
        if (batches === 2) throw new Error('killed');
        return outcome;
      }),
    );
    await expect(run(lines(people))).rejects.toThrow('killed');
    jest.restoreAllMocks();
    expect(await emails()).toHaveLength(10);
    expect(await run(lines(people))).toMatchObject({ accepted: 25, imported: 15, before: 10, refused: [] });
    expect(await emails()).toHaveLength(25);
    expect(await run(lines(people))).toMatchObject({ imported: 0, before: 25 });
    const trail = await test.database.client.securityEvent.findMany({
      where: { organizationId, action: 'users.imported' },
    });
    expect(trail).toHaveLength(3);
  });

  it('needs an organization that exists, and a file', async () => {
    await expect(run('', { organizationId: '01a1fac7-20e5-74ae-82b5-f30f3c0a6262' })).rejects.toThrow(
      'There is no organization',
    );
    await expect(run('', { file: join(folder, 'nowhere') })).rejects.toThrow('cannot be read');
    await expect(run('email,name\n"unclosed', { format: 'csv' })).rejects.toThrow('The file is no CSV');
  });
});
