import type { PGlite } from '@electric-sql/pglite';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import type { DatabaseConnection } from '../../src/platform/database/database.js';
import { connectServer } from '../../src/platform/database/open-database.js';
import { Lease } from './lease.js';
import { administer, asRole, templateName, testRoles, withDatabase } from './server-databases.mjs';

/** Set: the suite runs on this PostgreSQL server instead of the embedded one. */
const serverUrl = process.env['TEST_DATABASE_URL'];

/** What `environment.mjs` lends: embedded databases with all migrations and no rows. */
declare const embeddedDatabases: { take: () => Promise<{ database: PGlite; giveBack: () => Promise<void> }> };

/** A test's database; on a server the application's role sees its scope only, so the test looks with more rights. */
export interface TestConnection extends DatabaseConnection {
  readonly superuser?: DatabaseConnection;
}

let counter = 0;

/** A fresh database with all migrations and no rows, gone when it is closed. */
export async function openTestDatabase(): Promise<TestConnection> {
  return serverUrl === undefined ? openEmbedded() : openOnServer(serverUrl);
}

async function openEmbedded(): Promise<DatabaseConnection> {
  const { database, giveBack } = await embeddedDatabases.take();
  const lease = new Lease(database);
  return {
    kind: 'embedded',
    adapter: new PrismaPGlite(lease as unknown as PGlite),
    close: async () => {
      if (lease.end()) await giveBack();
    },
  };
}

async function openOnServer(url: string): Promise<TestConnection> {
  counter += 1;
  const name = `benteng_test_${process.pid}_${counter}`;
  await administer(url, `CREATE DATABASE ${name} TEMPLATE ${templateName}`);
  const address = withDatabase(url, name);
  const connection = connectServer(asRole(address, testRoles.application), 10);
  const superuser = connectServer(address, 2);
  return {
    ...connection,
    superuser,
    close: async () => {
      await connection.close();
      await superuser.close();
      await administer(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}
