import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import type { DatabaseConnection } from '../../src/platform/database/database.js';
import { connectServer } from '../../src/platform/database/open-database.js';
import { administer, templateName, withDatabase } from './server-databases.mjs';

/** Set: the suite runs on this PostgreSQL server instead of the embedded one. */
const serverUrl = process.env['TEST_DATABASE_URL'];

/** Where the global setup leaves an embedded database with all migrations, to be loaded in a moment. */
const embeddedSnapshot = join(__dirname, '../../node_modules/.cache/benteng/embedded.tar');

let counter = 0;

/** A fresh database with all migrations and no rows, gone when it is closed. */
export async function openTestDatabase(): Promise<DatabaseConnection> {
  return serverUrl === undefined ? openEmbedded() : openOnServer(serverUrl);
}

async function openEmbedded(): Promise<DatabaseConnection> {
  const database = await PGlite.create({ loadDataDir: new Blob([readFileSync(embeddedSnapshot)]) });
  return { kind: 'embedded', adapter: new PrismaPGlite(database), close: () => database.close() };
}

async function openOnServer(url: string): Promise<DatabaseConnection> {
  counter += 1;
  const name = `benteng_test_${process.pid}_${counter}`;
  await administer(url, `CREATE DATABASE ${name} TEMPLATE ${templateName}`);
  const connection = connectServer(withDatabase(url, name), 10);
  return {
    ...connection,
    close: async () => {
      await connection.close();
      await administer(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}
