import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from './free-port.js';

/** Whether this machine has a Redis to start. */
export const hasRedisServer = spawnSync('redis-server', ['--version']).status === 0;

/** A Redis of the test's own: own port, own folder, ended by its process id. */
export class OwnRedis {
  private process: ChildProcess | undefined;
  private readonly folder = mkdtempSync(join(tmpdir(), 'benteng-redis-'));

  private constructor(readonly port: number) {}

  static async create(): Promise<OwnRedis> {
    const redis = new OwnRedis(await freePort());
    await redis.start();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const settings = ['--save', '', '--appendonly', 'no', '--dir', this.folder, '--bind', '127.0.0.1'];
    this.process = spawn('redis-server', ['--port', String(this.port), ...settings], { stdio: 'ignore' });
    const client = new Redis(this.url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
    client.on('error', () => undefined);
    await client.ping();
    client.disconnect();
  }

  async stop(): Promise<void> {
    const running = this.process;
    this.process = undefined;
    if (running === undefined) return;
    const ended = once(running, 'exit');
    running.kill('SIGCONT');
    running.kill('SIGKILL');
    await ended;
  }

  /** Stands still without closing anything: slow, not gone. */
  freeze(): void {
    this.process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.process?.kill('SIGCONT');
  }

  async flush(): Promise<void> {
    const client = new Redis(this.url);
    await client.flushall();
    client.disconnect();
  }

  /** Gives it a command as an operator would. */
  async command([name, ...words]: readonly [string, ...string[]]): Promise<void> {
    const client = new Redis(this.url);
    await client.call(name, ...words);
    client.disconnect();
  }

  async remove(): Promise<void> {
    await this.stop();
    await delay(10);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
