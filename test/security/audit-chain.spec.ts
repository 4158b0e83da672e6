import { AuditVerification, type ChainVerdict } from '../../src/audit/audit-verification.js';
import {
  anOrganization,
  aPerson,
  aSignedInAdmin,
  OTHER_PASSWORD,
  type SignedIn,
} from '../factories/people.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { expectProblem } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('the chain of security events', () => {
  let test: TestApp;
  let admin: SignedIn;
  beforeAll(async () => {
    test = await startTestApp({ environment: NO_LIMITS });
  });
  beforeEach(async () => {
    admin = await aSignedInAdmin(test);
    const person = await aPerson(test, { organizationId: admin.organizationId });
    for (const name of ['Ani', 'Budi', 'Citra', 'Dewi'])
      await admin.client.patch(`/users/${person.id}`, { name });
  });
  afterAll(() => test.close());

  const verify = (...rest: [Parameters<AuditVerification['verify']>[1]?]): Promise<ChainVerdict> =>
    test.app.get(AuditVerification).verify(admin.organizationId, ...rest);
  const sql = (text: string, ...values: unknown[]) => test.database.client.$executeRawUnsafe(text, ...values);
  /** As the owner of the tables, who can take the triggers away. */
  const tamper = async (text: string) => {
    for (const table of ['security_events', 'audit_chains'])
      await sql(`ALTER TABLE benteng.${table} DISABLE TRIGGER USER`);
    await sql(text, admin.organizationId);
    for (const table of ['security_events', 'audit_chains'])
      await sql(`ALTER TABLE benteng.${table} ENABLE TRIGGER USER`);
  };

  it('is whole when nobody touched it', async () => {
    const verdict = await verify();
    expect(verdict).toMatchObject({ fault: null, head: { sequence: 5 } });
    expect(await verify(verdict.head!)).toEqual(verdict);
  });

  it.each([
    'UPDATE benteng.security_events SET action = action',
    'DELETE FROM benteng.security_events',
    'TRUNCATE benteng.security_events',
  ])('refuses %s', async (statement) => {
    await expect(sql(statement)).rejects.toThrow(/only ever added/);
    expect((await verify()).fault).toBeNull();
  });

  const where = 'WHERE organization_id = $1::uuid';
  it.each([
    ['a changed value', 3, `UPDATE benteng.security_events SET actor_id = NULL ${where} AND sequence = 3`],
    [
      'a changed detail',
      2,
      `UPDATE benteng.security_events SET details = '{"fields":["x"]}' ${where} AND sequence = 2`,
    ],
    [
      'a moved instant',
      4,
      `UPDATE benteng.security_events SET created_at = created_at + interval '1 second' ${where} AND sequence = 4`,
    ],
    [
      'a changed hash',
      3,
      `UPDATE benteng.security_events SET hash = decode(repeat('ab', 32), 'hex') ${where} AND sequence = 3`,
    ],
    ['a missing row', 3, `DELETE FROM benteng.security_events ${where} AND sequence = 3`],
    ['a missing first row', 1, `DELETE FROM benteng.security_events ${where} AND sequence = 1`],
    ['missing rows at the end', 4, `DELETE FROM benteng.security_events ${where} AND sequence > 3`],
    [
      'two rows in each other’s place',
      2,
      `UPDATE benteng.security_events SET sequence = CASE sequence WHEN 2 THEN 1003 WHEN 3 THEN 2 END ${where} AND sequence IN (2, 3)`,
    ],
    [
      'an added row',
      6,
      `INSERT INTO benteng.security_events (id, organization_id, action, details, created_at, sequence, hash) SELECT gen_random_uuid(), organization_id, action, details, created_at, 6, hash FROM benteng.security_events ${where} AND sequence = 5`,
    ],
    ['another end', 6, `UPDATE benteng.audit_chains SET hash = decode(repeat('ab', 32), 'hex') ${where}`],
    ['no end', 6, `DELETE FROM benteng.audit_chains ${where}`],
  ])('shows %s', async (_what, sequence, statement) => {
    await tamper(statement);
    expect((await verify()).fault).toMatchObject({ organizationId: admin.organizationId, sequence });
  });

  it.each([
    'DELETE FROM benteng.audit_chains',
    'TRUNCATE benteng.audit_chains',
    'UPDATE benteng.audit_chains SET sequence = 0',
    'UPDATE benteng.audit_chains SET sequence = sequence - 1',
    `UPDATE benteng.audit_chains SET hash = decode(repeat('ab', 32), 'hex')`,
    'DELETE FROM benteng.organizations',
  ])('has an end that only goes on: %s is refused [F-16]', async (statement) => {
    await expect(sql(statement)).rejects.toThrow(/only goes on|only ever added|foreign key|violates/);
    expect((await verify()).fault).toBeNull();
  });

  it('that is gone as a whole is named, and an organization that never was too [F-16]', async () => {
    const verification = test.app.get(AuditVerification);
    const quiet = await anOrganization(test);
    expect(await verification.verify(quiet)).toMatchObject({ fault: null, head: { sequence: 0 } });
    await tamper(`DELETE FROM benteng.security_events ${where}`);
    await tamper(`DELETE FROM benteng.audit_chains ${where}`);
    const listed = (await verification.listChains()).map(({ organizationId }) => organizationId);
    expect(listed).toEqual(expect.arrayContaining([quiet, admin.organizationId]));
    expect((await verify()).fault).toMatchObject({
      sequence: 1,
      fault: expect.stringContaining('whole chain is missing'),
    });
    const unknown = await verification.verify('01a1fac7-20e5-74ae-82b5-f30f3c0a6262');
    expect(unknown.fault).toMatchObject({ fault: expect.stringContaining('no such organization') });
    // Nothing that must leave a trace happens there any more.
    expectProblem(
      await admin.client.post('/users', { email: 'new@example.com', name: 'New' }),
      500,
      'INTERNAL',
    );
  });

  it('that was cut and its end with it shows against a head that was kept outside', async () => {
    const { head } = await verify();
    await tamper(`DELETE FROM benteng.security_events ${where} AND sequence > 3`);
    await tamper(`UPDATE benteng.audit_chains c SET sequence = 3, hash = e.hash FROM benteng.security_events e
                  WHERE c.organization_id = $1::uuid AND e.organization_id = c.organization_id AND e.sequence = 3`);
    expect((await verify()).fault).toBeNull();
    expect((await verify(head!)).fault).toMatchObject({ fault: expect.stringContaining('shorter') });
    expect((await verify({ ...head!, sequence: 2 })).fault).toMatchObject({
      fault: expect.stringContaining('anew'),
    });
  });

  it('has no gap and no fork after fifty acts and sign-ins at once, and nobody waits for ever', async () => {
    const people = await Promise.all(
      Array.from({ length: 25 }, () => aPerson(test, { organizationId: admin.organizationId })),
    );
    const answers = await Promise.all([
      ...people.map((person) => test.client().login(person)),
      ...people.map(({ id }) => admin.client.patch(`/users/${id}`, { name: 'Renamed' })),
    ]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await verify()).toMatchObject({ fault: null, head: { sequence: 55 } });
  });

  describe('when a row cannot be written', () => {
    beforeEach(() =>
      sql(`ALTER TABLE benteng.security_events ADD CONSTRAINT full_disk CHECK (sequence < 6) NOT VALID`),
    );
    afterEach(() => sql('ALTER TABLE benteng.security_events DROP CONSTRAINT full_disk'));

    it('the act does not happen [V16.3.3]', async () => {
      const victim = await aPerson(test, { organizationId: admin.organizationId });
      const before = await test.database.client.user.findUniqueOrThrow({ where: { id: victim.id } });
      for (const act of [
        () => admin.client.patch(`/users/${victim.id}`, { role: 'ADMIN' }),
        () => admin.client.patch(`/users/${victim.id}`, { password: OTHER_PASSWORD }),
        () => admin.client.post(`/admin/password-resets/${victim.id}/temporary-password`),
        () => admin.client.delete(`/users/${victim.id}`),
        () => admin.client.post('/integrations', { provider: 'CUSTOM', label: 'x' }),
        () => admin.client.post('/service-keys', { name: 'x', scopes: ['balance:debit'] }),
        () =>
          admin.client.post(`/users/${victim.id}/token-balance`, {
            amount: 1,
            reason: 'x',
            idempotencyKey: 'x',
          }),
        () => test.client().login(victim),
      ])
        expectProblem(await act(), 500, 'INTERNAL');
      expect(await test.database.client.user.findUniqueOrThrow({ where: { id: victim.id } })).toEqual(before);
      expect(await test.database.client.session.count({ where: { userId: victim.id } })).toBe(0);
      const { organizationId } = admin;
      expect(await test.database.client.integration.count({ where: { organizationId } })).toBe(0);
      expect(await test.database.client.serviceKey.count({ where: { organizationId } })).toBe(0);
    });
  });
});
