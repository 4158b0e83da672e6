import { administer, templateName } from './server-databases.mjs';

/** Leaves nothing behind on a server. */
export default async function tearDown() {
  const serverUrl = process.env.TEST_DATABASE_URL;
  if (serverUrl !== undefined)
    await administer(serverUrl, `DROP DATABASE IF EXISTS ${templateName} WITH (FORCE)`);
}
