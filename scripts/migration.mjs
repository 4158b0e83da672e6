// Writes the next migration from the difference between prisma/migrations and prisma/schema.prisma, or checks that
// there is none. Runs Prisma's own schema engine (WebAssembly, no download) over an embedded PostgreSQL.
//
//   node scripts/migration.mjs --check          exit 1 when the schema and the migrations differ
//   node scripts/migration.mjs <name>           writes prisma/migrations/<time>_<name>/migration.sql to read and edit
import { PGlite } from '@electric-sql/pglite';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as glue from '@prisma/schema-engine-wasm/schema_engine_bg';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const migrationsFolder = join(root, 'prisma/migrations');
const schemaFile = join(root, 'prisma/schema.prisma');

async function loadEngine(adapter) {
  const entry = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm');
  const bytes = readFileSync(join(dirname(entry), 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': glue });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  const datamodels = [[schemaFile, readFileSync(schemaFile, 'utf8')]];
  return glue.SchemaEngine.new({ datamodels }, () => {}, bindMigrationAwareSqlAdapterFactory(adapter));
}

function readMigrations() {
  return readdirSync(migrationsFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted()
    .map((name) => ({ name, sql: readFileSync(join(migrationsFolder, name, 'migration.sql'), 'utf8') }));
}

/** The SQL that leads from what the migrations build to what the schema asks for; empty when they agree. */
async function pendingSql() {
  const database = await PGlite.create();
  try {
    for (const { sql } of readMigrations()) await database.exec(sql);
    const engine = await loadEngine(new PrismaPGlite(database));
    const configDir = join(root, 'prisma');
    const files = [{ path: schemaFile, content: readFileSync(schemaFile, 'utf8') }];
    const { stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files, configDir },
      to: { tag: 'schemaDatamodel', files, configDir },
      script: true,
      exitCode: null,
      shadowDatabaseUrl: null,
      filters: { externalTables: [], externalEnums: [] },
    });
    return (stdout ?? '').includes('This is an empty migration') ? '' : (stdout ?? '');
  } finally {
    await database.close();
  }
}

const [argument] = process.argv.slice(2);
if (!argument || argument === '--help') {
  console.log('usage: node scripts/migration.mjs --check | <name>');
  process.exit(argument ? 0 : 2);
}
const sql = await pendingSql();
if (argument === '--check') {
  if (sql.trim() !== '') {
    console.error(`prisma/schema.prisma is not what prisma/migrations build. Missing:\n${sql}`);
    process.exit(1);
  }
  console.log('Migrations and schema agree.');
} else if (sql.trim() === '') {
  console.log('Nothing to migrate: migrations and schema agree.');
} else {
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const folder = join(migrationsFolder, `${stamp}_${argument.replace(/[^a-z0-9]+/gi, '_').toLowerCase()}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'migration.sql'), sql);
  console.log(`Wrote ${folder}/migration.sql: read it before you commit it.`);
}
process.exit(0);
