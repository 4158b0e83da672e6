import pg from 'pg';

/**
 * A database of our own beside the one that `url` names, on the same server; that one itself is only asked to make and
 * drop ours.
 */
export async function createScratchDatabase(url) {
  return create(url, `benteng_bench_${process.pid}`, '');
}

/** A copy of such a database, which nobody may be connected to. */
export async function copyDatabase(url, original) {
  const source = new URL(original).pathname.slice(1);
  return create(url, `${source}_copy`, ` TEMPLATE ${source}`);
}

async function create(url, name, template) {
  await administer(url, `CREATE DATABASE ${name}${template}`);
  return {
    url: Object.assign(new URL(url), { pathname: `/${name}` }).href,
    drop: () => administer(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

async function administer(url, sql) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
