// What the vault costs, on the PostgreSQL server of the message { url, seconds }: encrypted fields against the same rows
// through the plain client, rotation against the bare loop, its memory at 10,000 and 200,000 rows, and row security.
import { randomUUID, randomBytes } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { FieldCipher } from '../dist/platform/crypto/field-cipher.js';
import { EncryptionKeyRing } from '../dist/platform/crypto/key-ring.js';
import { SystemRandomSource } from '../dist/platform/crypto/random-source.js';
import { Database } from '../dist/platform/database/database.js';
import { PrismaClient } from '../dist/platform/database/generated/client.js';
import { KeyRegister } from '../dist/platform/database/key-register.js';
import { KeyRotation } from '../dist/platform/database/key-rotation.js';
import { KeyUsage } from '../dist/platform/database/key-usage.js';
import { connectServer } from '../dist/platform/database/open-database.js';
import { Signals } from '../dist/platform/events/signals.js';
import { createRoles } from './application-roles.mjs';

const TOKEN = 'act.example-access-token-of-a-shop-0123456789';
const AT_ONCE = 8;
const SMALL = 10_000;
const LARGE = 200_000;
const TABLE = 'integrations';
const COLUMN = 'access_token';

process.once('message', async ({ url, seconds }) => {
  const keys = ['k1', 'k2'].map((id) => ({ id, bytes: randomBytes(32) }));
  const random = new SystemRandomSource();
  const old = new FieldCipher(new EncryptionKeyRing(keys.slice(0, 1)), random);
  const ring = new EncryptionKeyRing(keys.toReversed());
  const cipher = new FieldCipher(ring, random);
  const admin = new pg.Pool({ connectionString: url, max: AT_ONCE });
  const database = new Database(connectServer(url, AT_ONCE), cipher, random, new Signals());
  const plain = new PrismaClient({
    adapter: new PrismaPg({ connectionString: url, max: AT_ONCE }, { schema: 'benteng' }),
  });
  try {
    const organizationId = randomUUID();
    await admin.query(
      'INSERT INTO benteng.organizations (id, name, created_at, updated_at) VALUES ($1, $2, now(), now())',
      [organizationId, 'Bench'],
    );
    const row = (id) => ({
      id,
      organizationId,
      provider: 'CUSTOM',
      label: 'Shop',
      webhookScheme: 'standard',
      accessToken: TOKEN,
      createdAt: new Date(),
    });
    const createAndRead = (client) => async () => {
      const id = random.id();
      await client.integration.create({ data: row(id) });
      await client.integration.findFirst({ where: { id, organizationId } });
    };
    const idleExtension = plain.$extends({
      query: { $allOperations: ({ args, query }) => query(args) },
    });
    const [encrypted, idle, unencrypted] = await inTurns(
      [createAndRead(database.client), createAndRead(idleExtension), createAndRead(plain)],
      seconds,
    );
    await admin.query('TRUNCATE benteng.integrations CASCADE');

    await fill(admin, old, organizationId, SMALL);
    const rotation = new KeyRotation(
      database,
      cipher,
      ring,
      new KeyRegister(database, ring, cipher, new KeyUsage(database, ring)),
    );
    const bare = await bareLoop(admin, cipher, organizationId);
    await admin.query('TRUNCATE benteng.integrations CASCADE');
    await fill(admin, old, organizationId, SMALL);
    const small = await rotate(rotation);
    await admin.query('TRUNCATE benteng.integrations CASCADE');
    await fill(admin, old, organizationId, LARGE);
    const large = await rotate(rotation);

    const fence = await rowSecurity({ url, admin, organizationId, seconds });
    process.send({
      encrypted,
      idle,
      unencrypted,
      bare,
      rotation: large.perSecond,
      growth: large.peak - small.peak,
      ...fence,
    });
  } finally {
    await database.onModuleDestroy();
    await plain.$disconnect();
    await admin.end();
  }
});

/** Rates of several kinds of work that take turns. */
async function inTurns(works, seconds) {
  const counts = works.map(() => 0);
  const rounds = 4;
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, work] of works.entries()) {
      const endAt = performance.now() + (seconds * 1000) / rounds;
      let count = 0;
      const loop = async () => {
        while (performance.now() < endAt) {
          await work();
          count += 1;
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, loop));
      // The first round warms up.
      if (round > 0) counts[index] += count;
    }
  }
  return counts.map((count) => count / seconds);
}

async function fill(admin, cipher, organizationId, count) {
  for (let done = 0; done < count; done += 5000) {
    const ids = Array.from({ length: 5000 }, () => randomUUID());
    const envelopes = ids.map((rowId) =>
      cipher.encrypt(TOKEN, { table: TABLE, column: COLUMN, rowId, organizationId }),
    );
    await admin.query(
      `INSERT INTO benteng.integrations (id, organization_id, provider, label, webhook_scheme, access_token, created_at, updated_at)
       SELECT id, $2::uuid, 'CUSTOM', 'Shop', 'standard', envelope, now(), now()
       FROM unnest($1::uuid[], $3::text[]) AS new (id, envelope)`,
      [ids, organizationId, envelopes],
    );
  }
  await admin.query('VACUUM ANALYZE benteng.integrations');
}

/** Read a row, decrypt, encrypt, update the row: one after the other on one connection. */
async function bareLoop(admin, cipher, organizationId) {
  const client = await admin.connect();
  const { rows } = await client.query('SELECT id FROM benteng.integrations ORDER BY id LIMIT 5000');
  const startedAt = performance.now();
  for (const { id: rowId } of rows) {
    const place = { table: TABLE, column: COLUMN, rowId, organizationId };
    const read = await client.query({
      name: 'bare_read',
      text: 'SELECT access_token AS envelope FROM benteng.integrations WHERE id = $1',
      values: [rowId],
    });
    await client.query({
      name: 'bare_write',
      text: 'UPDATE benteng.integrations SET access_token = $2 WHERE id = $1',
      values: [rowId, cipher.encrypt(cipher.decrypt(read.rows[0].envelope, place), place)],
    });
  }
  client.release();
  return rows.length / ((performance.now() - startedAt) / 1000);
}

async function rotate(rotation) {
  global.gc?.();
  let peak = 0;
  const startedAt = performance.now();
  const { rotated } = await rotation.run({
    onBatch: () => {
      peak = Math.max(peak, process.memoryUsage().rss);
    },
  });
  return { perSecond: rotated / ((performance.now() - startedAt) / 1000), peak: peak / 2 ** 20 };
}

/** One indexed read in the scope of its organization: as the application role, and as a role that no policy binds. */
async function rowSecurity({ url, admin, organizationId, seconds }) {
  const roles = await createRoles(admin, url);
  const { rows } = await admin.query('SELECT id FROM benteng.integrations LIMIT 1');
  const statement = {
    name: 'bench_read',
    text: 'SELECT label FROM benteng.integrations WHERE id = $1 AND organization_id = $2',
    tenant: 2,
  };
  const [bound, free] = [
    connectServer(roles.url, AT_ONCE),
    new pg.Pool({ connectionString: url, max: AT_ONCE }),
  ];
  const fenced = new Database(bound, null, new SystemRandomSource(), new Signals());
  const others = Array.from({ length: 4 }, () => randomUUID());
  let turn = 0;
  const read = (organizations) => () =>
    fenced.run(statement, [rows[0].id, organizations[turn++ % organizations.length]]);
  const { text } = statement;
  const bare = () => free.query({ name: 'bench_read', text, values: [rows[0].id, organizationId] });
  try {
    const [same, mixed, unbound] = await inTurns([read([organizationId]), read(others), bare], seconds);
    return { sameTenant: same, mixedTenants: mixed, unbound };
  } finally {
    await fenced.onModuleDestroy();
    await free.end();
    await roles.drop();
  }
}
