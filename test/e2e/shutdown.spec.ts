import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { killAll, startProgram } from '../support/program.js';
import { TestClient } from '../support/test-client.js';

describe('SIGTERM', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'benteng-shutdown-'));
  });
  afterAll(async () => {
    await killAll();
    rmSync(folder, { recursive: true, force: true });
  });

  it('finishes what is under way, refuses what comes, and exits 0 within ten seconds', async () => {
    const { url, process: child } = await startProgram(folder, {});
    const exited = once(child, 'exit');
    // Sign-ins take a while each: some wait for a hash when the signal comes.
    const logins = Array.from({ length: 6 }, (_, index) =>
      new TestClient(url, `10.0.0.${index}`).login({ email: `a${index}@example.com`, password: 'x' }),
    );
    await delay(60);
    const startedAt = performance.now();
    child.kill('SIGTERM');
    const answers = await Promise.allSettled(logins);
    for (const answer of answers)
      if (answer.status === 'fulfilled') expect([401, 429, 503]).toContain(answer.value.status);
    expect(answers.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    expect(await exited).toEqual([0, null]);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    const refused = await new Promise((resolve) => {
      connect(Number(new URL(url).port), '127.0.0.1')
        .on('error', () => resolve(true))
        .on('connect', () => resolve(false));
    });
    expect(refused).toBe(true);
  }, 60_000);

  it('twice is immediate', async () => {
    const { url, process: child } = await startProgram(folder, {});
    const exited = once(child, 'exit');
    // A request that never ends keeps the first signal waiting.
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      'POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{',
    );
    await delay(200);
    child.kill('SIGTERM');
    await delay(200);
    expect(child.exitCode).toBeNull();
    const startedAt = performance.now();
    child.kill('SIGTERM');
    await exited;
    expect(performance.now() - startedAt).toBeLessThan(1000);
    socket.destroy();
  }, 60_000);
});
