import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { TestEnvironment } from 'jest-environment-node';
import { answerJudge } from './answer-judge.mjs';

const snapshot = join(import.meta.dirname, '../../node_modules/.cache/benteng/embedded.tar');

// A database that waits for work keeps a timer of ten seconds for its statistics; the process need not wait for that.
const { setTimeout: schedule } = globalThis;
globalThis.setTimeout = Object.defineProperties((callback, ...rest) => {
  const timer = schedule(callback, ...rest);
  if (String(callback).includes('__emscripten_timeout')) timer.unref();
  return timer;
}, Object.getOwnPropertyDescriptors(schedule));

/** Embedded databases that wait for the next test file of this worker. */
const idle = [];

/** As many wait at most: each keeps its memory. */
const IDLE_LIMIT = 2;

/** What the catalogue knows, as one number: whoever changes a table, a right, a trigger or a role changes it too. */
const CATALOGUE = `
  SELECT md5(string_agg(part, ',')) AS mark FROM (
    ${[
      'pg_class',
      'pg_attribute',
      'pg_trigger',
      'pg_proc',
      'pg_constraint',
      'pg_policy',
      'pg_index',
      'pg_type',
      'pg_authid',
    ]
      .map(
        (table) =>
          `SELECT '${table}' || count(*) || '/' || max(xmin::text::bigint) || '/' || sum(xmin::text::bigint) AS part FROM ${table}`,
      )
      .join(' UNION ALL ')}) AS parts`;

/** Every row that the migrations did not write goes, whatever triggers and foreign keys say. */
const EMPTY = [
  'ROLLBACK',
  'DISCARD ALL',
  'SET session_replication_role = replica',
  `DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
      WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename <> '_prisma_migrations'
    LOOP EXECUTE 'DELETE FROM ' || name; END LOOP;
  END $$`,
  'SET session_replication_role = origin',
];

const readMark = async (database) => (await database.query(CATALOGUE)).rows[0].mark;

/**
 * Node, with what a worker keeps from one test file to the next: compiled schemas, and embedded databases, of which making
 * one from the snapshot costs more than most files. Whoever takes one finds all migrations and no rows; one whose catalogue a test has changed is thrown away.
 */
export default class Environment extends TestEnvironment {
  async setup() {
    await super.setup();
    this.global.embeddedDatabases = { take };
    this.global.answerJudge = answerJudge;
  }
}

/** An embedded database with all migrations and no rows, and how to give it back. */
async function take() {
  const kept = idle.pop();
  if (kept !== undefined) return kept;
  const database = await PGlite.create({ loadDataDir: new Blob([readFileSync(snapshot)]) });
  const mark = await readMark(database);
  const kit = {
    database,
    giveBack: async () => {
      for (const statement of EMPTY) await database.exec(statement);
      if (idle.length < IDLE_LIMIT && (await readMark(database)) === mark) idle.push(kit);
      else await database.close();
    },
  };
  return kit;
}
