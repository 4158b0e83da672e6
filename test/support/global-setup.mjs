// Makes the database that every test file starts from: an embedded one kept as a file, or a template on the server of
// TEST_DATABASE_URL. Jest loads this file outside its transform, so it uses the built program.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { applyMigrations, readMigrations } from '../../dist/platform/database/migrations.js';
import { databaseRolesSql } from '../../dist/platform/database/database-roles.js';
import { embeddedSession } from '../../dist/platform/database/embedded-database.js';
import { executeOnServer, migrateServer } from '../../dist/platform/database/open-database.js';
import { administer, templateName, testRoles, withDatabase } from './server-databases.mjs';

const migrationsFolder = join(import.meta.dirname, '../../prisma/migrations');
const snapshot = join(import.meta.dirname, '../../node_modules/.cache/benteng/embedded.tar');

export default async function setUp() {
  const serverUrl = process.env.TEST_DATABASE_URL;
  // The tests of migrations use it on every database.
  await prepareEmbedded();
  if (serverUrl !== undefined) await prepareServer(serverUrl);
}

async function prepareEmbedded() {
  const checksums = readMigrations(migrationsFolder).map(({ checksum }) => checksum);
  const fingerprint = createHash('sha256').update(checksums.join()).digest('hex');
  const stamp = `${snapshot}.stamp`;
  if (existsSync(snapshot) && existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint) return;
  const database = await PGlite.create();
  await applyMigrations(embeddedSession(database), migrationsFolder);
  const dump = await database.dumpDataDir('none');
  await database.close();
  mkdirSync(dirname(snapshot), { recursive: true });
  writeFileSync(`${snapshot}.new`, Buffer.from(await dump.arrayBuffer()));
  renameSync(`${snapshot}.new`, snapshot);
  writeFileSync(stamp, fingerprint);
}

async function prepareServer(url) {
  const left = await administer(
    url,
    `SELECT datname FROM pg_database WHERE datname LIKE 'benteng\\_test\\_%'`,
  ).catch((error) => {
    throw new Error(
      `TEST_DATABASE_URL is set, but no PostgreSQL answers there: ${error.message || error.code}`,
    );
  });
  for (const { datname } of left) await administer(url, `DROP DATABASE IF EXISTS ${datname} WITH (FORCE)`);
  await administer(url, `CREATE DATABASE ${templateName}`);
  await migrateServer(withDatabase(url, templateName));
  // The application runs as it should in production: with rows of its scope, and nothing else.
  await executeOnServer(withDatabase(url, templateName), databaseRolesSql(testRoles));
}
