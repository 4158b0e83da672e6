import { AsyncResource } from 'node:async_hooks';
import pg from 'pg';
import { currentTenantScope, TENANT_SETTING } from './tenant-scope.js';

const SET_TENANT = { name: 'set_tenant', text: `SELECT set_config('${TENANT_SETTING}', $1, false)` };
const ENDS_TRANSACTION = /^\s*(COMMIT|ROLLBACK)\b/i;
const CONTROLS_TRANSACTION = /^\s*(BEGIN|START|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b/i;

type Callback = (error: Error | null, result?: pg.QueryResult) => void;

/**
 * A connection that tells PostgreSQL, before each statement, in whose scope it is sent, so that row security can hold it
 * to that (the second fence). A statement sent in no scope finds nothing. It costs a round trip when the scope differs
 * from that of the statement before on this connection.
 */
class TenantClient extends pg.Client {
  /** What the session's setting holds; undefined when it is not known. */
  private tenant: string | undefined = '';

  // The signature is pg's own, with its dozen overloads: arguments are passed on as they came.
  override query(...args: unknown[]): never {
    const [config] = args;
    const text = typeof config === 'string' ? config : String((config as { text?: unknown }).text);
    if (CONTROLS_TRANSACTION.test(text)) {
      // A transaction that is taken back takes the setting back with it.
      if (ENDS_TRANSACTION.test(text)) this.tenant = undefined;
      return this.send(args);
    }
    const scope = currentTenantScope() ?? '';
    if (scope === this.tenant) return this.send(args);
    return this.sendAfter({ ...SET_TENANT, values: [scope] }, scope, args);
  }

  private sendAfter(setting: pg.QueryConfig, scope: string, args: unknown[]): never {
    const callback = args.findLast((argument) => typeof argument === 'function') as Callback | undefined;
    this.tenant = undefined;
    if (callback === undefined) {
      return (async () => {
        await (super.query(setting) as Promise<unknown>);
        this.tenant = scope;
        return this.send(args);
      })() as never;
    }
    super.query(setting, (error) => {
      if (error) return callback(error);
      this.tenant = scope;
      this.send(args);
    });
    return undefined as never;
  }

  private send(args: unknown[]): never {
    return (super.query as (...all: unknown[]) => never).apply(this, args);
  }
}

/** A pool of such connections. */
export class TenantPool extends pg.Pool {
  constructor(config: pg.PoolConfig) {
    super({ ...config, Client: TenantClient });
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Parameters<pg.Pool['connect']>[0]): void;
  override connect(callback?: Parameters<pg.Pool['connect']>[0]): Promise<pg.PoolClient> | void {
    if (callback === undefined) return super.connect();
    // Whoever gives a connection back calls the one who waits for it: the scope must be that of the latter.
    return super.connect(AsyncResource.bind(callback));
  }
}
