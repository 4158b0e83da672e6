import { AsyncResource } from 'node:async_hooks';
import pg from 'pg';
import { currentTenantScope, TENANT_SETTING } from './tenant-scope.js';

const SET_TENANT = { name: 'set_tenant', text: `SELECT set_config('${TENANT_SETTING}', $1, false)` };
const ENDS_TRANSACTION = /^\s*(COMMIT|ROLLBACK)\b/i;
const CONTROLS_TRANSACTION = /^\s*(BEGIN|START|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b/i;

type Callback = (error: Error | null, result?: pg.QueryResult) => void;

/**
 * A connection that tells PostgreSQL, before each statement, in whose scope it is sent, so that row security can hold it
 * to that (the second fence). A statement sent in no scope finds nothing. It costs a second statement, though no second
 * round trip, when the scope differs from that of the statement before on this connection.
 */
class TenantClient extends pg.Client {
  /** What the session's setting holds; undefined when it is not known. */
  private tenant: string | undefined = '';

  constructor(config?: pg.ClientConfig) {
    super(config);
    // The pool listens while a connection is idle; one that breaks between two statements of a transaction would end the
    // process. Whoever uses it learns of it from the next statement, and the pool throws it away.
    this.on('error', () => undefined);
  }

  // The signature is pg's own, with its dozen overloads: arguments are passed on as they came.
  override query(...args: unknown[]): never {
    const [config] = args;
    const text = typeof config === 'string' ? config : String((config as { text?: unknown }).text);
    if (CONTROLS_TRANSACTION.test(text)) {
      // A transaction that is taken back takes the setting back with it.
      if (ENDS_TRANSACTION.test(text)) this.tenant = undefined;
      return this.send(args) as never;
    }
    const scope = currentTenantScope() ?? '';
    if (scope === this.tenant) return this.send(args) as never;
    return this.sendAfter({ ...SET_TENANT, values: [scope] }, scope, args);
  }

  /**
   * Sends the setting and the statement together, so that both take one round trip. Should the setting be refused, the
   * statement ran in the scope before it: the first fence still held it, and its outcome is not given out.
   */
  private sendAfter(setting: pg.QueryConfig, scope: string, args: unknown[]): never {
    let refusal: Error | undefined;
    this.tenant = scope;
    super.query(setting, (error: Error | null) => {
      if (!error) return;
      refusal = error;
      this.tenant = undefined;
    });
    const index = args.findLastIndex((argument) => typeof argument === 'function');
    if (index >= 0) {
      const callback = args[index] as Callback;
      const guarded: Callback = (error, result) =>
        refusal === undefined ? callback(error, result) : callback(refusal);
      return this.send(args.with(index, guarded)) as never;
    }
    return (async () => {
      const result: unknown = await this.send(args);
      if (refusal !== undefined) throw refusal;
      return result;
    })() as never;
  }

  private send(args: unknown[]): Promise<unknown> {
    return (super.query as (...all: unknown[]) => Promise<unknown>).apply(this, args);
  }
}

/** A pool of such connections. */
export class TenantPool extends pg.Pool {
  constructor(config: pg.PoolConfig) {
    super({ ...config, Client: TenantClient, pipeline: true });
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Parameters<pg.Pool['connect']>[0]): void;
  override connect(callback?: Parameters<pg.Pool['connect']>[0]): Promise<pg.PoolClient> | void {
    if (callback === undefined) return super.connect();
    // Whoever gives a connection back calls the one who waits for it: the scope must be that of the latter.
    return super.connect(AsyncResource.bind(callback));
  }
}
