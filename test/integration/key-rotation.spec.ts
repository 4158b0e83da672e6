import { generateSecret } from '../../src/platform/config/development-secrets.js';
import { KeyRotation } from '../../src/platform/database/key-rotation.js';
import { KeyRegister } from '../../src/platform/database/key-register.js';
import { KeyUsage } from '../../src/platform/database/key-usage.js';
import type { DatabaseConnection } from '../../src/platform/database/database.js';
import { RandomSource } from '../../src/platform/crypto/random-source.js';
import { anOrganization, aPerson } from '../factories/people.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { openTestDatabase } from '../support/test-database.js';

const k1 = generateSecret('ENCRYPTION_KEYS');
const k2 = generateSecret('ENCRYPTION_KEYS', k1);

describe('the rotation of encryption keys', () => {
  let connection: DatabaseConnection;
  const apps: TestApp[] = [];
  let organizationId: string;

  /** The application with this ring, on the one database. */
  const withKeys = async (ring: string): Promise<TestApp> => {
    const app = await startTestApp({
      connection: { ...connection, close: () => Promise.resolve() },
      environment: { ENCRYPTION_KEYS: ring },
    });
    apps.push(app);
    return app;
  };
  const addIntegrations = async ({ app, database, clock }: TestApp, count: number) => {
    const rows = Array.from({ length: count }, (_, index) => ({
      id: app.get(RandomSource).id(),
      organizationId,
      provider: 'CUSTOM' as const,
      label: `Shop ${index}`,
      webhookScheme: 'standard' as const,
      accessToken: `token ${index}`,
      config: { index },
      createdAt: clock.now(),
    }));
    await database.client.integration.createMany({ data: rows });
    return rows;
  };
  /** What every start of the server does before it takes requests. */
  const begin = ({ app }: TestApp) => app.get(KeyRegister).assertReadable();
  const usesOf = async (test: TestApp) =>
    (await test.app.get(KeyUsage).list()).map(({ field, key, rows, state }) => [field, key, rows, state]);

  beforeEach(async () => {
    connection = await openTestDatabase();
    organizationId = await anOrganization(await withKeys(k1));
    await begin(apps[0]!);
  });
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
    await connection.close();
  });

  it('names keys one after the other', () => {
    expect([k1.split(':')[0], k2.split(':')[0]]).toEqual(['k1', 'k2']);
  });

  it('encrypts every value anew, text and JSON, and nothing twice [L-S1.4]', async () => {
    const [old] = apps as [TestApp];
    const rows = await addIntegrations(old, 25);
    const person = await aPerson(old, { organizationId });
    await old.database.client.totpFactor.create({
      data: {
        id: old.app.get(RandomSource).id(),
        userId: person.id,
        organizationId,
        secret: 'JBSWY3DP',
        createdAt: old.clock.now(),
      },
    });
    const both = await withKeys(`${k2},${k1}`);
    expect(await usesOf(both)).toEqual([
      ['secret', 'k1', 1, 'older'],
      ['accessToken', 'k1', 25, 'older'],
      ['config', 'k1', 25, 'older'],
    ]);
    const rotation = both.app.get(KeyRotation);
    expect(await rotation.countDue()).toBe(51);
    expect(await rotation.run({ batchSize: 10 })).toEqual({ rotated: 51, overtaken: 0, unreadable: 0 });
    expect((await usesOf(both)).map(([, key, , state]) => [key, state])).toEqual([
      ['k2', 'current'],
      ['k2', 'current'],
      ['k2', 'current'],
    ]);
    expect(await rotation.run()).toEqual({ rotated: 0, overtaken: 0, unreadable: 0 });
    const alone = await withKeys(k2);
    await begin(alone);
    const read = await alone.database.client.integration.findMany({ orderBy: { id: 'asc' } });
    expect(read.map(({ accessToken, config }) => [accessToken, config])).toEqual(
      rows.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(({ accessToken, config }) => [accessToken, config]),
    );
    const factor = await alone.database.client.totpFactor.findUniqueOrThrow({ where: { userId: person.id } });
    expect(factor.secret).toBe('JBSWY3DP');
  });

  it('goes on where it was killed', async () => {
    await addIntegrations(apps[0]!, 30);
    const both = await withKeys(`${k2},${k1}`);
    const stop = new AbortController();
    const killed = await both.app
      .get(KeyRotation)
      .run({ batchSize: 7, stop: stop.signal, onBatch: () => stop.abort() });
    expect(killed.rotated).toBeLessThan(60);
    const rest = await both.app.get(KeyRotation).run({ batchSize: 7 });
    expect(killed.rotated + rest.rotated).toBe(60);
    expect(await both.app.get(KeyRotation).countDue()).toBe(0);
  });

  it('lets a value win that was written meanwhile, and two runs at once do no harm', async () => {
    const rows = await addIntegrations(apps[0]!, 60);
    const both = await withKeys(`${k2},${k1}`);
    const write = async () => {
      for (const { id } of rows.slice(30)) {
        await both.database.client.integration.update({
          where: { id, organizationId },
          data: { accessToken: `new ${id}` },
        });
      }
    };
    const rotation = both.app.get(KeyRotation);
    await Promise.all([rotation.run({ batchSize: 3 }), rotation.run({ batchSize: 5 }), write()]);
    expect(await rotation.countDue()).toBe(0);
    const read = await both.database.client.integration.findMany({ select: { id: true, accessToken: true } });
    const expected = new Map(
      rows.map(({ id, accessToken }, index) => [id, index < 30 ? accessToken : `new ${id}`]),
    );
    expect(new Map(read.map(({ id, accessToken }) => [id, accessToken]))).toEqual(expected);
  });

  it('leaves alone what it cannot read, and says so', async () => {
    const [row] = await addIntegrations(apps[0]!, 3);
    await apps[0]!.database.client.$executeRaw`
      UPDATE benteng.integrations SET access_token = overlay(access_token placing 'AAAA' from 20) WHERE id = ${row!.id}::uuid`;
    const both = await withKeys(`${k2},${k1}`);
    expect(await both.app.get(KeyRotation).run()).toEqual({ rotated: 5, overtaken: 0, unreadable: 1 });
    expect(both.logLines.join('')).toContain(`integrations.access_token of row ${row!.id}`);
  });

  it('refuses a ring that cannot read what is stored, naming the key and how much needs it', async () => {
    await addIntegrations(apps[0]!, 4);
    const alone = await withKeys(k2);
    await expect(begin(alone)).rejects.toThrow(
      'ENCRYPTION_KEYS lacks a key that stored values need: "k1" (8 values). Put it back behind the others.',
    );
    await begin(apps[0]!);
  });

  it('refuses another key of the same name, to start with and to rotate to [L-S1.4]', async () => {
    await addIntegrations(apps[0]!, 2);
    const other = await withKeys(generateSecret('ENCRYPTION_KEYS'));
    const sentence =
      'ENCRYPTION_KEYS holds another key under the name "k1" than the one that made the stored values.';
    await expect(begin(other)).rejects.toThrow(sentence);
    await expect(other.app.get(KeyRotation).run()).rejects.toThrow(sentence);
    await begin(apps[0]!);
    expect(
      (await apps[0]!.database.client.integration.findFirstOrThrow({ where: { organizationId } })).config,
    ).toEqual({
      index: 0,
    });
  });

  it('believes the values more than its own memory', async () => {
    await addIntegrations(apps[0]!, 8);
    const other = await withKeys(generateSecret('ENCRYPTION_KEYS'));
    const { client } = apps[0]!.database;
    // An older version left no memory: the wrong key is refused all the same, and is not remembered.
    await client.encryptionKey.deleteMany({});
    await expect(begin(other)).rejects.toThrow('another key under the name "k1"');
    expect(await client.encryptionKey.count()).toBe(0);
    // A memory that is wrong, and a value that was altered.
    await client.encryptionKey.create({ data: { id: 'k1', fingerprint: Buffer.alloc(32) } });
    await client.$executeRaw`
      UPDATE benteng.integrations SET access_token = overlay(access_token placing 'AAAA' from 20) WHERE label = 'Shop 0'`;
    await begin(apps[0]!);
    await expect(begin(other)).rejects.toThrow('another key under the name "k1"');
  });

  it('lets a name be used again while no value needs the key that had it', async () => {
    const other = await withKeys(generateSecret('ENCRYPTION_KEYS'));
    await begin(other);
    await addIntegrations(other, 1);
    await expect(begin(apps[0]!)).rejects.toThrow('another key under the name "k1"');
  });

  it('looks at the values only where the ring does not fit what was noted, and forgets a key nothing needs', async () => {
    await addIntegrations(apps[0]!, 3);
    const both = await withKeys(`${k2},${k1}`);
    const alone = await withKeys(k2);
    const counted = [both, alone].map(({ app }) => jest.spyOn(app.get(KeyUsage), 'list'));
    await begin(both);
    expect(counted[0]).not.toHaveBeenCalled();
    await both.app.get(KeyRotation).run();
    await begin(alone);
    await begin(alone);
    expect(counted[1]).toHaveBeenCalledTimes(1);
  });

  it('fills what it remembers from the values, where an older version left nothing', async () => {
    await addIntegrations(apps[0]!, 3);
    await apps[0]!.database.client.encryptionKey.deleteMany({});
    const both = await withKeys(`${k2},${k1}`);
    await begin(both);
    const noted = await both.database.client.encryptionKey.findMany({ orderBy: { id: 'asc' } });
    expect(noted.map(({ id }) => id)).toEqual(['k1', 'k2']);
    expect(noted.every(({ fingerprint }) => fingerprint.length === 32)).toBe(true);
  });

  it('shows plaintext that was brought along', async () => {
    const [row] = await addIntegrations(apps[0]!, 1);
    await apps[0]!.database.client.$executeRaw`
      UPDATE benteng.integrations SET access_token = 'plain', config = '{"a":1}' WHERE id = ${row!.id}::uuid`;
    expect(await usesOf(apps[0]!)).toEqual([
      ['accessToken', null, 1, 'plaintext'],
      ['config', null, 1, 'plaintext'],
    ]);
  });
});
