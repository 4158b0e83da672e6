// What checks from outside share.
import { spawnSync } from 'node:child_process';

/** Ends the script, saying so, when tools are not there: `{ command: Debian package }`. */
export function needTools(tools) {
  const missing = Object.keys(tools).filter((tool) => spawnSync(tool, ['--version']).error !== undefined);
  if (missing.length === 0) return;
  const packages = missing.map((tool) => tools[tool]).join(' ');
  console.log(`skipped: ${missing.join(', ')} not found (Debian: apt-get install ${packages})`);
  process.exit(0);
}

/** A POST to the program as an app sends it. */
export async function post(url, body, token) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      ...(body && { 'Content-Type': 'application/json' }),
      ...(token && { Authorization: `Bearer ${token}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

/** The same for what must answer 200. @returns the answer. */
export async function postOk(url, body, token) {
  const answer = await post(url, body, token);
  if (answer.status !== 200)
    throw new Error(`${url} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}
