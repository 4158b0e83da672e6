import pg from 'pg';

/**
 * Advisory locks of PostgreSQL over one connection of their own: however many jobs hold one, the pool keeps its
 * connections. A lock ends with the connection, so a killed holder leaves nothing behind.
 */
export class AdvisoryLocks {
  private opening: Promise<pg.Client> | undefined;
  /** A session may take its own lock twice: that is refused here. */
  private readonly held = new Set<string>();

  constructor(private readonly url: string) {}

  /** @returns what gives the lock back, or null when somebody has it. */
  async tryLock(name: string): Promise<(() => Promise<void>) | null> {
    if (this.held.has(name)) return null;
    this.held.add(name);
    try {
      const client = await this.connect();
      const { rows } = await client.query<{ taken: boolean }>(
        "SELECT pg_try_advisory_lock(hashtextextended('benteng ' || $1, 0)) AS taken",
        [name],
      );
      if (rows[0]?.taken === true) return () => this.release(client, name);
    } catch (error) {
      this.held.delete(name);
      throw error;
    }
    this.held.delete(name);
    return null;
  }

  async close(): Promise<void> {
    const client = await this.opening?.catch(() => undefined);
    this.opening = undefined;
    await client?.end();
  }

  private async release(client: pg.Client, name: string): Promise<void> {
    this.held.delete(name);
    // A connection that broke has given its locks back by itself.
    await client
      .query("SELECT pg_advisory_unlock(hashtextextended('benteng ' || $1, 0))", [name])
      .catch(() => undefined);
  }

  private connect(): Promise<pg.Client> {
    this.opening ??= this.open();
    return this.opening;
  }

  private async open(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.url,
      connectionTimeoutMillis: 5000,
      statement_timeout: 30_000,
      application_name: 'benteng-locks',
      // Several jobs ask at the same moment.
      pipeline: true,
      keepAlive: true,
    });
    const forget = (): void => {
      this.opening = undefined;
    };
    client.on('error', forget);
    client.on('end', forget);
    try {
      await client.connect();
      return client;
    } catch (error) {
      forget();
      throw error;
    }
  }
}
