// The built program for scripts and for checks from outside: on the embedded database, in a folder of its own, on a free
// port.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/**
 * Starts it on an empty database and waits until it is ready.
 * @returns its address, the first administrator, a folder for files of the caller, and what ends it.
 */
export async function startProgram(environment = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'benteng-outside-'));
  const server = spawn(process.execPath, [join(root, 'dist/main.js')], {
    cwd: folder,
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
    return { url, email, password, folder, stop };
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
