import { fork, spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';

const here = import.meta.dirname;
const running = new Set();
// Nothing that was started here outlives the bench, however it ends.
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** Starts `node <args>`; what it prints is kept only when `captured`, since reading it would cost the generator time. */
export function startNode(args, environment, { captured = false } = {}) {
  const child = spawn(process.execPath, args, {
    cwd: join(here, '..'),
    stdio: ['ignore', captured ? 'pipe' : 'ignore', 'inherit'],
    env: environment,
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Asks a process to end and waits until it has. */
export async function stopProcess(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** Runs one job in a helper process of its own and returns its answer. */
export async function runHelper(file, job) {
  const child = fork(join(here, file), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  running.add(child);
  try {
    return await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', (code) => reject(new Error(`${file} ended with ${code} and no answer`)));
      child.send(job);
    });
  } finally {
    running.delete(child);
    child.kill();
  }
}

/** Resident memory of a process in MiB. */
export function residentMemory({ pid }) {
  const { stdout } = spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return Number(stdout) / 1024;
}

/** Waits until the address answers 200. @returns milliseconds waited. */
export async function waitUntilOk(url, child, timeoutSeconds = 120) {
  const startedAt = performance.now();
  while (performance.now() - startedAt < timeoutSeconds * 1000) {
    if (child.exitCode !== null)
      throw new Error(`the server ended with ${child.exitCode} before it was ready`);
    const isOk = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isOk) return performance.now() - startedAt;
    await pause(20);
  }
  throw new Error(`${url} did not answer 200 within ${timeoutSeconds} s`);
}

export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A TCP port nobody uses at this moment. */
export async function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
