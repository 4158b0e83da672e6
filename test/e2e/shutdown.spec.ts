import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { OTHER_PASSWORD } from '../factories/people.js';
import { FORM_TYPE } from '../factories/forms.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { killAll, residentMiB, startProgram, takeOver, FIRST_ADMINISTRATOR } from '../support/program.js';
import { TestClient } from '../support/test-client.js';

const MIB = 1024 * 1024;
const IN_FLIGHT = 20;

/** Throws where no code can catch it, as the first listener of a body is added: loaded before the program. */
const PLANTED_FAULTS = `
const { IncomingMessage } = require('node:http');
const { Readable } = require('node:stream');
IncomingMessage.prototype.on = function (event, listener) {
  if (!this.url?.startsWith('/webhooks/planted-')) return Readable.prototype.on.call(this, event, listener);
  if (event === 'data' && this.url.endsWith('throw')) setImmediate(() => { throw new Error('a planted throw'); });
  if (event === 'data' && this.url.endsWith('rejection')) void Promise.reject(new Error('a planted rejection'));
  return this;
};`;

interface Outcome {
  readonly status: number | string;
  readonly headers: IncomingHttpHeaders;
}

function ask(url: string, path: string, agent: Agent | false, token?: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const sent = request(`${url}${path}`, { agent, headers }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers }));
      answer.on('error', () => resolve({ status: 'cut off', headers: {} }));
    });
    sent.on('error', ({ code, message }: NodeJS.ErrnoException) =>
      resolve({
        status: `${code ?? message}${sent.reusedSocket ? ' on a kept connection' : ''}`,
        headers: {},
      }),
    );
    sent.end();
  });
}

/** Two hundred requests a second, three of four over connections that are kept. @returns what became of each. */
function startLoad(url: string, token: string): () => Promise<Outcome[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 40 });
  const outcomes: Promise<Outcome>[] = [];
  let pending = 0;
  const timer = setInterval(() => {
    // A machine that cannot keep up is asked no faster than it answers: this is no test of its speed.
    if (pending >= IN_FLIGHT) return;
    pending += 1;
    const outcome = ask(url, '/users/me', outcomes.length % 4 === 0 ? false : agent, token);
    outcomes.push(outcome.finally(() => (pending -= 1)));
  }, 5);
  return async () => {
    clearInterval(timer);
    const all = await Promise.all(outcomes);
    agent.destroy();
    return all;
  };
}

/** What was neither answered nor refused before it was sent. */
const lost = (outcomes: readonly Outcome[]) =>
  outcomes.filter(({ status }) => status !== 200 && status !== 'ECONNREFUSED');

describe('the program', () => {
  let folder: string;
  let nextFolder = 0;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'benteng-shutdown-'));
  });
  afterAll(async () => {
    await killAll();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (environment: Record<string, string> = {}) => {
    nextFolder += 1;
    const program = await startProgram(folder, {
      ...NO_LIMITS,
      DATA_DIR: join(folder, `data-${nextFolder}`),
      ...environment,
    });
    await takeOver(program.url, program.output(), OTHER_PASSWORD);
    const admin = new TestClient(program.url, '10.0.0.1');
    await admin.login({ email: FIRST_ADMINISTRATOR, password: OTHER_PASSWORD });
    return { ...program, token: admin.accessToken!, admin };
  };

  it('stops under 200 requests a second without losing one, though the signal comes twice [F-4]', async () => {
    const { url, process: child, token } = await start();
    const exited = once(child, 'exit');
    // Two connections that were in use before: one is asked again, one never.
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    await ask(url, '/health/ready', kept);
    const idle = connect(Number(new URL(url).port), '127.0.0.1');
    const idleClosed = once(idle, 'close');
    idle.on('error', () => undefined);
    // Sign-ins take a while each: some wait for a hash when the signal comes.
    const logins = Array.from({ length: 6 }, (_, index) =>
      new TestClient(url, `10.0.1.${index}`).login({ email: `a${index}@example.com`, password: 'x' }),
    );
    const finish = startLoad(url, token);
    await delay(1000);
    const startedAt = performance.now();
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGTERM'), 5);
    let ready = await ask(url, '/health/ready', kept);
    while (ready.status === 200) ready = await ask(url, '/health/ready', kept);
    expect([ready.status, ready.headers.connection]).toEqual([503, 'close']);
    await delay(300);
    const outcomes = await finish();
    expect((await Promise.all(logins)).map(({ status }) => status)).toEqual(Array(6).fill(401));
    await idleClosed;
    expect(await exited).toEqual([0, null]);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(lost(outcomes)).toEqual([]);
    expect(outcomes.some(({ status, headers }) => status === 200 && headers.connection === 'close')).toBe(
      true,
    );
    kept.destroy();
  }, 240_000);

  it('lives on after a fault that nothing caught, answers it, and gives little memory to unfinished uploads [F-1] [F-7]', async () => {
    const plant = join(folder, 'plant.cjs');
    writeFileSync(plant, PLANTED_FAULTS);
    const program = await start({ NODE_OPTIONS: `--require ${plant}` });
    const { url, admin, process: child } = program;

    for (const fault of ['throw', 'rejection']) {
      const answer = await admin.post(`/webhooks/planted-${fault}`, { a: 1 });
      expect([answer.status, (answer.body as { code: string }).code]).toEqual([500, 'INTERNAL']);
      // The log is written a moment later.
      while (!program.output().includes(`a planted ${fault}`)) await delay(20);
    }
    const alerts = await admin.get('/audit/alerts?kind=uncaught_fault');
    expect(alerts.status).toBe(200);
    expect((await admin.get('/users/me')).status).toBe(200);

    const { id } = (await admin.post('/integrations', { provider: 'CUSTOM', label: 'x' })).body as {
      id: string;
    };
    const idleMiB = residentMiB(child);
    const sockets = Array.from({ length: 150 }, (_, index) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      socket.on('error', () => undefined).resume();
      const [path, length, type] = [
        [`/integrations/${id}/imports`, 10 * MIB, FORM_TYPE],
        ['/webhooks/01a1fac7-20e5-74ae-82b5-f30f3c0a6262', MIB, 'application/json'],
        ['/auth/login', 100 * 1024, 'application/json'],
      ][index < 110 ? 0 : (index % 2) + 1] as [string, number, string];
      socket.write(
        `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${admin.accessToken}\r\n` +
          `Content-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n`,
      );
      socket.write(Buffer.alloc(length - 1, 120));
      return socket;
    });
    let highestMiB = 0;
    for (let look = 0; look < 30; look += 1) {
      await delay(100);
      highestMiB = Math.max(highestMiB, residentMiB(child));
    }
    expect(highestMiB - idleMiB).toBeLessThan(200);
    expect((await admin.get('/users/me')).status).toBe(200);
    for (const socket of sockets) socket.destroy();

    // A request that never ends keeps a stop waiting; a second signal that is no echo ends it at once.
    const hanging = connect(Number(new URL(url).port), '127.0.0.1');
    hanging.on('error', () => undefined);
    hanging.write(
      'POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{',
    );
    await delay(200);
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await delay(1200);
    expect(child.exitCode).toBeNull();
    const startedAt = performance.now();
    child.kill('SIGTERM');
    expect(await exited).toEqual([1, null]);
    expect(performance.now() - startedAt).toBeLessThan(1000);
    hanging.destroy();
  }, 240_000);

  it('stops as well under npm start, when a terminal interrupts the whole group [F-4]', async () => {
    const npm = spawn('npm', ['start'], {
      cwd: join(__dirname, '../..'),
      detached: true,
      env: {
        ...process.env,
        ...NO_LIMITS,
        NODE_ENV: 'development',
        DATABASE_URL: '',
        DATA_DIR: join(folder, 'data-npm'),
        PORT: '0',
        LOG_LEVEL: 'warn',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [npm.stdout, npm.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    try {
      while (!/Temporary password.*\n/.test(output) && npm.exitCode === null) await delay(50);
      const url = /ready at (\S+)\n/.exec(output)![1]!;
      await takeOver(url, output, OTHER_PASSWORD);
      const admin = new TestClient(url, '10.0.0.1');
      await admin.login({ email: FIRST_ADMINISTRATOR, password: OTHER_PASSWORD });
      const finish = startLoad(url, admin.accessToken!);
      await delay(500);
      process.kill(-npm.pid!, 'SIGINT');
      await delay(500);
      const outcomes = await finish();
      expect(lost(outcomes)).toEqual([]);
      // The output ends when the last process of the group has let go of it.
      if (!npm.stdout.readableEnded) await once(npm.stdout, 'end');
      expect(output).not.toMatch(/"level":"(error|fatal)"/);
    } finally {
      try {
        process.kill(-npm.pid!, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
  }, 240_000);
});
