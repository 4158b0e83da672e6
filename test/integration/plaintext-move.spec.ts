import { FieldCipher } from '../../src/platform/crypto/field-cipher.js';
import { RandomSource } from '../../src/platform/crypto/random-source.js';
import { KeyRegister } from '../../src/platform/database/key-register.js';
import { PlaintextMove } from '../../src/platform/database/plaintext-move.js';
import { anOrganization } from '../factories/people.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('what came as plaintext', () => {
  let test: TestApp;
  let organizationId: string;
  let move: PlaintextMove;
  beforeEach(async () => {
    test = await startTestApp();
    organizationId = await anOrganization(test);
    move = new PlaintextMove(test.database, test.app.get(FieldCipher), test.app.get(KeyRegister));
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await test.close();
  });

  const sql = (text: string, ...parameters: unknown[]) =>
    test.database.client.$executeRawUnsafe(text, ...parameters);
  const read = () => test.database.client.integration.findMany({ orderBy: { id: 'asc' } });
  const raw = () =>
    test.database.client.$queryRawUnsafe<{ token: string | null; config: unknown }[]>(
      'SELECT access_token AS token, config FROM benteng.integrations ORDER BY id',
    );

  /** Rows as a copy from another system leaves them. */
  const insert = async (
    count: number,
    values: { token?: string; config?: object } = {},
  ): Promise<string[]> => {
    const ids = Array.from({ length: count }, () => test.app.get(RandomSource).id());
    for (const [index, id] of ids.entries()) {
      await sql(
        `INSERT INTO benteng.integrations (id, organization_id, provider, label, webhook_scheme, access_token, config, created_at, updated_at)
         VALUES ($1::uuid, $2::uuid, 'CUSTOM', 'Shop', 'standard', $3, $4::jsonb, now(), now())`,
        id,
        organizationId,
        values.token === undefined ? null : `${values.token} ${index}`,
        values.config === undefined ? null : JSON.stringify(values.config),
      );
    }
    return ids;
  };

  describe('in the encrypted columns', () => {
    it('is encrypted where it is, text and JSON, whatever the batches; ciphertext stays [L-S1.2]', async () => {
      await insert(7, { token: 'old', config: { shop: 'satu', nested: [1, null] } });
      expect(await move.countInPlace()).toBe(14);
      expect(await move.runInPlace({ batchSize: 3 })).toBe(14);
      expect(await move.countInPlace()).toBe(0);
      const stored = await raw();
      expect(JSON.stringify(stored)).not.toMatch(/old|satu/);
      const rows = await read();
      expect(rows.map(({ accessToken }) => accessToken)).toEqual(rows.map((_, index) => `old ${index}`));
      expect(rows.map(({ config }) => config)).toEqual(rows.map(() => ({ shop: 'satu', nested: [1, null] })));
      expect(await move.runInPlace()).toBe(0);
      expect(await raw()).toEqual(stored);
    });

    it('stays as it is when a ciphertext of its batch does not open', async () => {
      await insert(3, { token: 'old' });
      const before = await raw();
      const cipher = new FieldCipher(
        Reflect.get(test.app.get(FieldCipher), 'ring') as never,
        test.app.get(RandomSource),
      );
      jest.spyOn(cipher, 'encrypt').mockReturnValue('v1:k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA');
      await expect(
        new PlaintextMove(test.database, cipher, test.app.get(KeyRegister)).runInPlace(),
      ).rejects.toThrow('does not open');
      expect(await raw()).toEqual(before);
    });

    it('loses to a value written meanwhile', async () => {
      const [id] = (await insert(1, { token: 'old' })) as [string];
      const transaction = test.database.transaction.bind(test.database);
      jest.spyOn(test.database, 'transaction').mockImplementationOnce(async (work) => {
        await test.database.client.integration.update({
          where: { id, organizationId },
          data: { accessToken: 'newer' },
        });
        return transaction(work);
      });
      expect(await move.runInPlace()).toBe(0);
      expect(await read()).toMatchObject([{ accessToken: 'newer' }]);
    });
  });

  describe('in an imported table', () => {
    const imported = async (ids: readonly string[]): Promise<void> => {
      await sql('CREATE SCHEMA legacy');
      await sql('CREATE TABLE legacy.imported_shops (id uuid, shop text, access_token text, config jsonb)');
      for (const [index, id] of ids.entries())
        await sql(
          `INSERT INTO legacy.imported_shops VALUES ($1::uuid, 'satu', $2, '{"a": 1}')`,
          id,
          `legacy ${index}`,
        );
    };
    const left = () =>
      test.database.client.$queryRawUnsafe<object[]>(
        'SELECT shop, access_token, config FROM legacy.imported_shops ORDER BY id',
      );
    const run = async (options = {}) =>
      move.run(await move.describe('legacy.imported_shops', 'integrations'), options);

    it('is encrypted, verified, and only then cleared; all else of that table stays [L-S1.2]', async () => {
      await imported(await insert(5));
      const table = await move.describe('legacy.imported_shops', 'integrations');
      expect(await move.count(table)).toBe(10);
      let seen = 0;
      const report = await run({ batchSize: 2, onBatch: (count: number) => (seen += count) });
      expect(report).toEqual({
        encrypted: 10,
        verified: 10,
        cleared: 10,
        homeless: 0,
        different: 0,
        examples: [],
      });
      expect(seen).toBe(30);
      expect(await left()).toEqual(
        Array.from({ length: 5 }, () => ({ shop: 'satu', access_token: null, config: null })),
      );
      expect(await read()).toMatchObject(
        Array.from({ length: 5 }, (_, index) => ({ accessToken: `legacy ${index}`, config: { a: 1 } })),
      );
      expect(JSON.stringify(await raw())).not.toContain('legacy');
      expect(await run()).toMatchObject({ encrypted: 0, verified: 0, cleared: 0 });
    });

    it('is not cleared while one value has no home, or another value is there', async () => {
      const ids = await insert(2);
      const stray = test.app.get(RandomSource).id();
      await imported([...ids, stray]);
      await test.database.client.integration.update({
        where: { id: ids[0]!, organizationId },
        data: { accessToken: 'its own' },
      });
      const before = await left();
      const report = await run();
      expect(report).toMatchObject({ encrypted: 3, verified: 3, cleared: 0, homeless: 2, different: 1 });
      expect(report.examples.toSorted()).toEqual([ids[0]!, stray].toSorted());
      expect(await left()).toEqual(before);
    });

    it.each(['encrypt_plain', 'pairs', 'clear'])('goes on where it was killed: %s', async (step) => {
      await imported(await insert(5));
      const original = test.database.run.bind(test.database);
      let calls = 0;
      jest.spyOn(test.database, 'run').mockImplementation(async (statement, parameters, tx) => {
        const rows = await original(statement, parameters, tx);
        if (statement.name.startsWith(step)) calls += 1;
        if (calls === 2) throw new Error('killed');
        return rows;
      });
      await expect(run({ batchSize: 2 })).rejects.toThrow('killed');
      jest.restoreAllMocks();
      expect(await run({ batchSize: 2 })).toMatchObject({ homeless: 0, different: 0, examples: [] });
      expect(await read()).toMatchObject(
        Array.from({ length: 5 }, (_, index) => ({ accessToken: `legacy ${index}`, config: { a: 1 } })),
      );
      expect(JSON.stringify(await left())).not.toContain('legacy');
    });

    it('is refused with a reason when it is not there, is ours, or cannot be cleared', async () => {
      const refuses = (reason: string, from: string, into = 'integrations') =>
        expect(move.describe(from, into)).rejects.toThrow(reason);
      await refuses('There is no table "nothing".', 'nothing');
      await refuses('"users" has no encrypted columns.', 'x', 'users');
      await refuses('a table of ours', 'benteng.integrations');
      await refuses('needs a column "id"', 'pg_catalog.pg_class');
      await sql('CREATE SCHEMA legacy');
      await sql('CREATE TABLE legacy.strict (id uuid, api_key text NOT NULL)');
      await refuses('NOT NULL: api_key', 'legacy.strict');
    });
  });
});
