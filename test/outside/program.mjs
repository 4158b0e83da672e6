// The built program for checks from outside: on the embedded database, in a folder of its own, on a free port.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** Ends the script, saying so, when tools are not there: `{ command: Debian package }`. */
export function needTools(tools) {
  const missing = Object.keys(tools).filter((tool) => spawnSync(tool, ['--version']).error !== undefined);
  if (missing.length === 0) return;
  const packages = missing.map((tool) => tools[tool]).join(' ');
  console.log(`skipped: ${missing.join(', ')} not found (Debian: apt-get install ${packages})`);
  process.exit(0);
}

/**
 * Starts it on an empty database and waits until it is ready.
 * @returns its address, the first administrator, a folder for the check's own files, and what ends it.
 */
export async function startProgram(environment = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'benteng-outside-'));
  const server = spawn(process.execPath, ['dist/main.js'], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      DATA_DIR: join(folder, 'data'),
      LOG_LEVEL: 'warn',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  const stop = async () => {
    server.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const [url, email, password] = await readUntil(server.stdout, [
      /ready at (\S+)\n/,
      /First administrator: (\S+)/,
      /Temporary password[^:]*: (\S+)\n/,
    ]);
    return { url, email, password, folder, server, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The first group of each pattern, once all of them were printed; goes on reading, so that nothing blocks. */
function readUntil(stream, patterns) {
  return new Promise((resolve, reject) => {
    let output = '';
    stream.on('data', (chunk) => {
      output += chunk;
      const found = patterns.map((pattern) => pattern.exec(output)?.[1]);
      if (found.every((value) => value !== undefined)) resolve(found);
    });
    stream.once('end', () => reject(new Error(`the server did not start:\n${output}`)));
  });
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
