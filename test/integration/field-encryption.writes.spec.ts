import fc from 'fast-check';
import { FieldCipher } from '../../src/platform/crypto/field-cipher.js';
import { RandomSource } from '../../src/platform/crypto/random-source.js';
import { Database } from '../../src/platform/database/database.js';
import { ENCRYPTED_FIELDS, type Values } from '../../src/platform/database/encrypted-fields.js';
import { readRelations } from '../../src/platform/database/field-decryption.js';
import { readModels } from '../../src/platform/database/model-description.js';
import { encryptWrites } from '../../src/platform/database/write-encryption.js';
import type { Prisma } from '../../src/platform/database/generated/client.js';
import { aPerson } from '../factories/people.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const ENVELOPE = /^v1:[a-z0-9_-]+:[A-Za-z0-9_-]+$/;
const TEXT_FIELDS = ['accessToken', 'refreshToken', 'apiKey', 'webhookSecret'] as const;
type Secrets = Partial<Record<(typeof TEXT_FIELDS)[number], string | null>> & {
  config?: Prisma.InputJsonObject;
};

/** PostgreSQL keeps no NUL in text, so none gets here (validation refuses it). */
const text = fc.string({ unit: 'binary', maxLength: 200 }).map((value) => value.replaceAll('\u0000', ''));
const json = fc
  .dictionary(
    fc.string({ maxLength: 8 }).map((key) => `k${key}`.replaceAll('\u0000', '')),
    fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.integer(), { maxLength: 3 })),
    { maxKeys: 4 },
  )
  .map((value) => value as Prisma.InputJsonObject);
const secrets: fc.Arbitrary<Secrets> = fc.record(
  { ...Object.fromEntries(TEXT_FIELDS.map((field) => [field, fc.option(text)])), config: json },
  { requiredKeys: [] },
);

describe('writes of any shape', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp();
  });
  afterAll(() => test.close());

  const client = () => test.database.client;
  const models = () => readModels(test.app.get(Database).client);
  const newId = () => test.app.get(RandomSource).id();
  const context = () => ({
    cipher: test.app.get(FieldCipher),
    relations: readRelations(models()),
    makeId: newId,
  });

  /** Ways to bring one integration with these secrets into the database. */
  const ways: Record<string, (row: { id: string; organizationId: string } & Values) => Promise<unknown>> = {
    create: (row) => client().integration.create({ data: row as never }),
    'create without an id of its own': ({ id: _id, ...row }) =>
      client().integration.create({ data: row as never }),
    createMany: (row) => client().integration.createMany({ data: [row as never] }),
    createManyAndReturn: (row) => client().integration.createManyAndReturn({ data: [row as never] }),
    'upsert that creates': (row) =>
      client().integration.upsert({
        where: { id: row.id, organizationId: row.organizationId },
        create: row as never,
        update: {},
      }),
    'create, then update': async ({
      id,
      organizationId,
      provider,
      label,
      webhookScheme,
      createdAt,
      ...fields
    }) => {
      const plain = { id, organizationId, provider, label, webhookScheme, createdAt };
      await client().integration.create({ data: plain as never });
      await client().integration.update({ where: { id, organizationId }, data: fields });
    },
    'nested create': ({ organizationId, ...row }) =>
      client().organization.update({
        where: { id: organizationId },
        data: { integrations: { create: row as never } },
      }),
    'nested createMany': ({ organizationId, ...row }) =>
      client().organization.update({
        where: { id: organizationId },
        data: { integrations: { createMany: { data: [row as never] } } },
      }),
    'nested connectOrCreate': ({ organizationId, ...row }) =>
      client().organization.update({
        where: { id: organizationId },
        data: {
          integrations: { connectOrCreate: { where: { id: row.id }, create: row as never } },
        },
      }),
    'nested upsert, then nested update': async ({ organizationId, ...row }) => {
      const { id } = row;
      const { provider: _p, webhookScheme: _s, createdAt: _c, id: _i, ...fields } = row as Values;
      const integrations = (operation: object) =>
        client().organization.update({ where: { id: organizationId }, data: { integrations: operation } });
      await integrations({ upsert: { where: { id }, create: { ...row, accessToken: 'first' }, update: {} } });
      await integrations({ update: { where: { id }, data: { accessToken: null, ...fields } } });
    },
    'create inside a transaction': (row) =>
      test.database.transaction((tx) =>
        test.database.acrossTenants(() => tx.integration.create({ data: row as never })),
      ),
    'through two relations': async ({ organizationId, ...row }) => {
      const user = await client().user.findFirstOrThrow({ where: { organizationId } });
      const organization = {
        update: { where: { id: organizationId }, data: { integrations: { create: row as never } } },
      };
      await client().user.update({ where: { id: user.id, organizationId }, data: { organization } });
    },
  };

  it.each(Object.keys(ways))(
    '%s: ciphertext in the database, plaintext for the reader [L-S1.1] [D-4]',
    async (way) => {
      const { organizationId } = await aPerson(test);
      await fc.assert(
        fc.asyncProperty(secrets, async (fields) => {
          const label = newId();
          const row = {
            id: newId(),
            organizationId,
            provider: 'CUSTOM',
            webhookScheme: 'standard',
            createdAt: test.clock.now(),
            label,
          };
          await ways[way]!({ ...row, ...fields });
          const read = await client().integration.findFirstOrThrow({ where: { organizationId, label } });
          for (const field of [...TEXT_FIELDS, 'config'] as const)
            expect(read[field]).toEqual(fields[field] ?? null);
          const [raw] = await client().$queryRaw<Values[]>`
          SELECT access_token, refresh_token, api_key, webhook_secret, config FROM benteng.integrations
          WHERE label = ${label}`;
          for (const [index, value] of Object.values(raw!).entries()) {
            const isWritten = (fields[[...TEXT_FIELDS, 'config'][index] as keyof Secrets] ?? null) !== null;
            if (isWritten) expect(value).toMatch(ENVELOPE);
            else expect(value).toBeNull();
          }
        }),
        { numRuns: 12 },
      );
    },
  );

  it('leaves arguments without an encrypted field untouched, the very same object', () => {
    const names = [...models().keys()];
    const untouched = names.filter((model) => !(model in ENCRYPTED_FIELDS));
    const writes = ['create', 'createMany', 'update', 'updateMany', 'upsert', 'delete', 'findMany', 'count'];
    const row = fc.dictionary(fc.constantFrom('name', 'email', 'id', 'details', 'x'), fc.jsonValue());
    fc.assert(
      fc.property(
        fc.constantFrom(...untouched),
        fc.constantFrom(...writes),
        row,
        row,
        (model, operation, data, where) => {
          const input = operation === 'upsert' ? { where, create: data, update: data } : { where, data };
          const before = JSON.stringify(input);
          expect(encryptWrites(context(), model, operation, input)).toBe(input);
          expect(JSON.stringify(input)).toBe(before);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('lets no plaintext through, however the writes are nested', () => {
    const MARK = 'PLAINTEXT-MARK';
    const factor = fc.record({ secret: fc.constant(MARK), pendingSecret: fc.option(fc.constant(MARK)) });
    const organizationId = newId();
    const named = () => ({ id: newId(), organizationId });
    const nestedFactor = factor.chain((fields) =>
      fc.constantFrom<object>(
        { create: { ...named(), ...fields } },
        { connectOrCreate: { where: { id: newId() }, create: { organizationId, ...fields } } },
        { update: { where: named(), data: fields } },
        { upsert: { where: named(), create: { organizationId, ...fields }, update: fields } },
      ),
    );
    const nestedUsers = fc.array(nestedFactor, { minLength: 1, maxLength: 3 }).chain((factors) =>
      fc.constantFrom<object>(
        { create: factors.map((totpFactor) => ({ name: 'a', totpFactor })) },
        { update: factors.map((totpFactor) => ({ where: { id: 'a' }, data: { totpFactor } })) },
        {
          upsert: factors.map((totpFactor) => ({
            where: { id: 'a' },
            create: { totpFactor },
            update: { totpFactor },
          })),
        },
      ),
    );
    fc.assert(
      fc.property(nestedUsers, nestedFactor, (users, totpFactor) => {
        const input = { where: { id: organizationId }, data: { users } };
        const written = JSON.stringify(encryptWrites(context(), 'Organization', 'update', input));
        expect(written).not.toContain(MARK);
        expect(JSON.stringify(input)).toContain(MARK);
        const session = { where: { id: 'a' }, data: { user: { update: { totpFactor } } } };
        expect(JSON.stringify(encryptWrites(context(), 'Session', 'update', session))).not.toContain(MARK);
      }),
      { numRuns: 200 },
    );
  });
});
