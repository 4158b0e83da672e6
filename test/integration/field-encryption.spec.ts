import { RandomSource } from '../../src/platform/crypto/random-source.js';
import { FieldCipher } from '../../src/platform/crypto/field-cipher.js';
import type { Prisma } from '../../src/platform/database/generated/client.js';
import { aPerson, type Person } from '../factories/people.js';
import { anEnrolledPerson, openChallenge, prove } from '../factories/second-factors.js';
import { expectProblem } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const OTHER = 'KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU';
const ENVELOPE = /^v1:[a-z0-9_-]+:[A-Za-z0-9_-]+$/;

describe('the encryption of fields in the database client', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp();
  });
  afterAll(() => test.close());

  const client = () => test.database.client;

  /** A factor's row that is not yet written. */
  const aRow = ({ id: userId, organizationId }: Person, fields: object = {}) => ({
    id: test.app.get(RandomSource).id(),
    userId,
    organizationId,
    createdAt: test.clock.now(),
    ...fields,
  });

  /** A written row with a secret. */
  const aFactor = async (fields: object = { secret: SECRET }) => {
    const person = await aPerson(test);
    const { id, organizationId } = await client().totpFactor.create({ data: aRow(person, fields) });
    return { person, where: { id, organizationId } };
  };

  /** What the database itself holds. */
  const rawOf = async (id: string) => {
    const [row] = await client().$queryRaw<{ secret: string | null; pending: string | null }[]>`
      SELECT secret, pending_secret AS pending FROM benteng.totp_factors WHERE id = ${id}::uuid`;
    return row!;
  };

  const readSecret = async (id: string) =>
    (await client().totpFactor.findUniqueOrThrow({ where: { id } })).secret;

  describe('writes ciphertext and answers plaintext', () => {
    it('with create', async () => {
      const row = aRow(await aPerson(test), { secret: SECRET, pendingSecret: OTHER });
      const created = await client().totpFactor.create({ data: row });
      expect(created).toMatchObject({ secret: SECRET, pendingSecret: OTHER });
      const raw = await rawOf(row.id);
      expect(raw).toEqual({
        secret: expect.stringMatching(ENVELOPE),
        pending: expect.stringMatching(ENVELOPE),
      });
      expect(JSON.stringify(raw)).not.toContain(SECRET);
      expect(await readSecret(row.id)).toBe(SECRET);
    });

    it('with createMany and createManyAndReturn', async () => {
      const rows = [];
      for (const secret of [SECRET, OTHER]) rows.push(aRow(await aPerson(test), { secret }));
      await client().totpFactor.createMany({ data: rows });
      expect(await Promise.all(rows.map(({ id }) => readSecret(id)))).toEqual([SECRET, OTHER]);
      expect((await rawOf(rows[0]!.id)).secret).toMatch(ENVELOPE);
      const row = aRow(await aPerson(test), { secret: SECRET });
      const [returned] = await client().totpFactor.createManyAndReturn({ data: [row] });
      expect(returned).toMatchObject({ secret: SECRET });
      expect((await rawOf(row.id)).secret).toMatch(ENVELOPE);
    });

    it('with update, also as { set }', async () => {
      const { where } = await aFactor();
      const before = await rawOf(where.id);
      expect(await client().totpFactor.update({ where, data: { secret: OTHER } })).toMatchObject({
        secret: OTHER,
      });
      expect((await rawOf(where.id)).secret).not.toBe(before.secret);
      await client().totpFactor.update({ where, data: { secret: { set: SECRET } } });
      expect((await rawOf(where.id)).secret).toMatch(ENVELOPE);
      expect(await readSecret(where.id)).toBe(SECRET);
    });

    it('with upsert, both ways', async () => {
      const row = aRow(await aPerson(test), { secret: SECRET });
      const where = { id: row.id, organizationId: row.organizationId };
      for (const expected of [SECRET, OTHER]) {
        const written = await client().totpFactor.upsert({ where, create: row, update: { secret: OTHER } });
        expect(written.secret).toBe(expected);
        expect((await rawOf(row.id)).secret).toMatch(ENVELOPE);
      }
    });

    it('inside a transaction, and takes it back with it', async () => {
      const { where } = await aFactor();
      const before = await rawOf(where.id);
      await expect(
        test.database.transaction(async (tx) => {
          await tx.totpFactor.update({ where, data: { secret: OTHER } });
          const inside = await tx.totpFactor.findUniqueOrThrow({ where });
          expect(inside.secret).toBe(OTHER);
          throw new Error('changed our mind');
        }),
      ).rejects.toThrow('changed our mind');
      expect(await rawOf(where.id)).toEqual(before);
    });
  });

  it('leaves null as null and what is absent untouched', async () => {
    const { where } = await aFactor({ secret: SECRET, pendingSecret: null });
    expect((await rawOf(where.id)).pending).toBeNull();
    const before = await rawOf(where.id);
    await client().totpFactor.update({ where, data: { lastTimeStep: 7, secret: undefined } });
    expect(await rawOf(where.id)).toEqual(before);
    await client().totpFactor.updateMany({ where: { id: where.id }, data: { secret: null } });
    expect(await rawOf(where.id)).toEqual({ secret: null, pending: null });
    expect(await readSecret(where.id)).toBeNull();
  });

  it('makes another ciphertext of the same value each time', async () => {
    const { where } = await aFactor();
    const first = await rawOf(where.id);
    await client().totpFactor.update({ where, data: { secret: SECRET } });
    expect((await rawOf(where.id)).secret).not.toBe(first.secret);
  });

  it('reads through select without id, and shows no more than was asked for', async () => {
    const { where } = await aFactor();
    const row = await client().totpFactor.findUniqueOrThrow({ where, select: { secret: true } });
    expect(row).toEqual({ secret: SECRET });
    const other = await client().totpFactor.findUniqueOrThrow({ where, select: { lastTimeStep: true } });
    expect(other).toEqual({ lastTimeStep: null });
    const [updated] = await client().totpFactor.updateManyAndReturn({
      where: { id: where.id },
      data: { lastTimeStep: 3 },
      select: { secret: true, lastTimeStep: true },
    });
    expect(updated).toEqual({ secret: SECRET, lastTimeStep: 3 });
  });

  it('reads through relations, at any depth', async () => {
    const { person } = await aFactor();
    const included = await client().user.findUniqueOrThrow({
      where: { id: person.id },
      include: { totpFactor: true, organization: true },
    });
    expect(included.totpFactor?.secret).toBe(SECRET);
    const selected = await client().organization.findUniqueOrThrow({
      where: { id: person.organizationId },
      select: { users: { select: { totpFactor: { select: { secret: true } } } } },
    });
    expect(selected).toEqual({ users: [{ totpFactor: { secret: SECRET } }] });
    const token = await openChallenge(test, person);
    expect(token).toBeDefined();
    const challenge = await client().challenge.findFirstOrThrow({
      where: { userId: person.id },
      include: { user: { include: { totpFactor: true } } },
    });
    expect(challenge.user.totpFactor?.secret).toBe(SECRET);
  });

  it('leaves models without encrypted fields as they are', async () => {
    const person = await aPerson(test, { name: SECRET });
    const user = await client().user.findUniqueOrThrow({ where: { id: person.id } });
    expect(user).toMatchObject({ name: SECRET, email: person.email });
    expect(await client().user.count({ where: { name: SECRET } })).toBe(1);
    const [raw] = await client().$queryRaw<{ name: string }[]>`
      SELECT name FROM benteng.users WHERE id = ${person.id}::uuid`;
    expect(raw).toEqual({ name: SECRET });
  });

  describe('refuses loudly', () => {
    const byCiphertext: [string, () => Promise<unknown>][] = [
      ['where', () => client().totpFactor.findFirst({ where: { secret: SECRET } })],
      ['where', () => client().totpFactor.count({ where: { OR: [{ pendingSecret: { in: [SECRET] } }] } })],
      ['where', () => client().totpFactor.deleteMany({ where: { NOT: { secret: { contains: 'v1' } } } })],
      ['where', () => client().totpFactor.findFirst({ where: { secret: { not: SECRET } } })],
      ['orderBy', () => client().totpFactor.findMany({ orderBy: { secret: 'asc' } })],
      ['orderBy', () => client().totpFactor.findMany({ orderBy: [{ id: 'asc' }, { secret: 'desc' }] })],
      ['distinct', () => client().totpFactor.findMany({ distinct: ['secret'] })],
      ['by', () => client().totpFactor.groupBy({ by: ['secret'] })],
      ['_max', () => client().totpFactor.aggregate({ _max: { secret: true } })],
      ['where', () => client().user.findFirst({ where: { totpFactor: { secret: SECRET } } })],
      ['where', () => client().user.count({ where: { totpFactor: { is: { secret: SECRET } } } })],
      ['orderBy', () => client().user.findMany({ orderBy: { totpFactor: { secret: 'asc' } } })],
      [
        'where',
        () =>
          client().organization.findMany({ where: { users: { some: { totpFactor: { secret: SECRET } } } } }),
      ],
      [
        'where',
        () => client().organization.findMany({ include: { totpFactors: { where: { secret: SECRET } } } }),
      ],
      [
        'orderBy',
        () =>
          client().organization.findMany({
            select: {
              users: {
                include: { organization: { include: { totpFactors: { orderBy: { secret: 'asc' } } } } },
              },
            },
          }),
      ],
    ];
    it.each(byCiphertext)('a query by ciphertext in %s (%#)', async (part, query) => {
      await expect(query()).rejects.toMatchObject({
        name: 'FieldEncryptionError',
        message: `TotpFactor: an encrypted field cannot be used in "${part}"`,
      });
    });

    it('but not the question whether there is a value', async () => {
      const { where } = await aFactor();
      const { id } = where;
      expect(
        await client().totpFactor.count({ where: { id, secret: { not: null }, pendingSecret: null } }),
      ).toBe(1);
      expect(await client().user.count({ where: { totpFactor: { id, secret: null } } })).toBe(0);
    });

    it('one value for several rows', async () => {
      const { where } = await aFactor();
      const before = await rawOf(where.id);
      for (const data of [{ secret: OTHER }, { pendingSecret: { set: OTHER } }]) {
        await expect(client().totpFactor.updateMany({ where: { id: where.id }, data })).rejects.toThrow(
          'TotpFactor.updateMany cannot write an encrypted field: write one row at a time',
        );
      }
      expect(await rawOf(where.id)).toEqual(before);
    });

    it('a write that does not name row and organization', async () => {
      const { person, where } = await aFactor();
      const update = client().totpFactor.update({ where: { userId: person.id }, data: { secret: OTHER } });
      await expect(update).rejects.toThrow('TotpFactor.update must name id and organizationId');
      expect(await readSecret(where.id)).toBe(SECRET);
    });

    it('a value that is no text', async () => {
      const { where } = await aFactor();
      const data = { secret: 42 } as unknown as Prisma.TotpFactorUpdateInput;
      await expect(client().totpFactor.update({ where, data })).rejects.toThrow('secret takes text');
    });

    it('a row written through a relation that is not named', async () => {
      const { person, where } = await aFactor();
      const update = (totpFactor: object) =>
        client().user.update({
          where: { id: person.id, organizationId: person.organizationId },
          data: { totpFactor },
        });
      await expect(update({ update: { secret: OTHER } })).rejects.toThrow(/must name id and organizationId/);
      await expect(update({ update: { where: { secret: SECRET }, data: {} } })).rejects.toThrow(
        /cannot be used in "where"/,
      );
      const shared = client().organization.update({
        where: { id: person.organizationId },
        data: { totpFactors: { updateMany: { where: {}, data: { secret: OTHER } } } },
      });
      await expect(shared).rejects.toThrow('write one row at a time');
      expect(await readSecret(where.id)).toBe(SECRET);
    });
  });

  describe('refuses a ciphertext that was moved', () => {
    const moves: [string, (id: string, otherId: string) => Promise<unknown>][] = [
      [
        'to another row',
        (id, otherId) => client().$executeRaw`
          UPDATE benteng.totp_factors f SET secret = o.secret FROM benteng.totp_factors o
          WHERE f.id = ${id}::uuid AND o.id = ${otherId}::uuid`,
      ],
      [
        'to another column',
        (id) => client().$executeRaw`
          UPDATE benteng.totp_factors SET secret = pending_secret WHERE id = ${id}::uuid`,
      ],
      [
        'to another organization',
        (id, otherId) => client().$executeRaw`
          UPDATE benteng.totp_factors f SET organization_id = o.organization_id FROM benteng.totp_factors o
          WHERE f.id = ${id}::uuid AND o.id = ${otherId}::uuid`,
      ],
    ];
    it.each(moves)('%s, with DecryptionError', async (_where, move) => {
      const { where } = await aFactor({ secret: SECRET, pendingSecret: OTHER });
      const other = await aFactor();
      await move(where.id, other.where.id);
      const read = client().totpFactor.findUniqueOrThrow({ where: { id: where.id } });
      await expect(read).rejects.toMatchObject({ name: 'DecryptionError', reason: 'not_authentic' });
    });

    it('and plaintext in the place of a ciphertext', async () => {
      const { where } = await aFactor();
      await client()
        .$executeRaw`UPDATE benteng.totp_factors SET secret = ${SECRET} WHERE id = ${where.id}::uuid`;
      await expect(readSecret(where.id)).rejects.toMatchObject({ reason: 'malformed' });
    });

    it('like a wrong code, and the reason in the log without the secret; a backup code still helps [F-14]', async () => {
      const person = await anEnrolledPerson(test);
      const other = await anEnrolledPerson(test);
      const challengeToken = await openChallenge(test, person);
      await client().$executeRaw`
        UPDATE benteng.totp_factors f SET secret = o.secret FROM benteng.totp_factors o
        WHERE f.user_id = ${person.id}::uuid AND o.user_id = ${other.id}::uuid`;
      const before = test.logLines.length;
      const response = await prove(test, { challengeToken, code: other.codeNow() });
      expectProblem(response, 401, 'TWO_FACTOR_CODE_REFUSED');
      expect(response.headers['set-cookie']).toBeUndefined();
      expect(JSON.stringify(response.body)).not.toMatch(/decrypt|totp|secret|cipher/i);
      const log = test.logLines.slice(before).join('');
      expect(log).toContain('totp_factors.secret');
      expect(log).toContain('not_authentic');
      expect(test.logLines.join('')).not.toContain(person.secret);
      expect(test.logLines.join('')).not.toContain(other.secret);
      const helped = await prove(test, { challengeToken, backupCode: person.backupCodes[0]! });
      expect([helped.status, (helped.body as { status: string }).status]).toEqual([200, 'authenticated']);
    });
  });

  it('writes with the newest key, what the cipher itself can read', async () => {
    const { where } = await aFactor();
    const cipher = test.app.get(FieldCipher);
    const place = {
      table: 'totp_factors',
      column: 'secret',
      rowId: where.id,
      organizationId: where.organizationId,
    };
    expect(cipher.decrypt((await rawOf(where.id)).secret!, place)).toBe(SECRET);
    expect((await rawOf(where.id)).secret).toContain(`v1:${test.config.encryptionKeys.current.id}:`);
  });
});
