import type { components, paths } from './schema.js';

/** A problem document (RFC 9457) that the service answered; `code` is stable. */
export class BentengProblem extends Error {
  constructor(
    readonly status: number,
    readonly problem: components['schemas']['Problem'],
  ) {
    super(problem.detail);
    this.name = 'BentengProblem';
  }

  get code(): string {
    return this.problem.code;
  }
}

type Method = 'get' | 'post' | 'patch' | 'delete';
type MethodOf<Path extends keyof paths> = {
  [Name in Method]: paths[Path][Name] extends { responses: unknown } ? Name : never;
}[Method];
type Json<Answer> = Answer extends { content: { 'application/json': infer Value } } ? Value : undefined;
type Success<Operation> = Operation extends { responses: infer Answers }
  ? {
      [Status in keyof Answers]: Status extends 200 | 201 | 202
        ? Json<Answers[Status]>
        : Status extends 204
          ? undefined
          : never;
    }[keyof Answers]
  : never;
type Part<Operation, Name extends 'path' | 'query'> = Operation extends {
  parameters: { [Key in Name]?: infer Values };
}
  ? Values
  : undefined;
type RequestBody<Operation> = Operation extends {
  requestBody?: { content: { 'application/json': infer Values } };
}
  ? Values
  : undefined;

/** What a call is made of; each only where the route has it. */
export interface CallOptions<Operation> {
  readonly path?: Part<Operation, 'path'>;
  readonly query?: Part<Operation, 'query'>;
  readonly body?: RequestBody<Operation>;
  readonly signal?: AbortSignal;
}

/** What we need of `navigator.locks`. */
export interface Locks {
  request(name: string, work: () => Promise<unknown>): Promise<unknown>;
}

export interface ClientOptions {
  /** Where the service is, with API_PREFIX if there is one. */
  readonly baseUrl: string;
  /** Told once when the session is over: show the login screen. */
  readonly onSignedOut?: () => void;
  /** Default: the global one. */
  readonly fetch?: typeof globalThis.fetch;
  /** Default: those of the browser, so that tabs refresh one after the other; none elsewhere. */
  readonly locks?: Locks | undefined;
}

const LOCK = 'benteng-refresh';

/**
 * A small client for single-page apps: keeps the access token in memory only, renews it once for however many callers
 * found it expired, and repeats their requests. The refresh token stays in its HttpOnly cookie.
 */
export class BentengClient {
  private accessToken: string | undefined;
  /** Whether `onSignedOut` was told, so that it is told once for each session. */
  private isSignedOut = false;
  private refreshing: Promise<boolean> | undefined;
  private readonly send: typeof globalThis.fetch;
  private readonly locks: Locks | undefined;

  constructor(private readonly options: ClientOptions) {
    this.send = options.fetch ?? globalThis.fetch.bind(globalThis);
    this.locks =
      'locks' in options ? options.locks : (globalThis as { navigator?: { locks?: Locks } }).navigator?.locks;
  }

  /** Whether a token is at hand; after a reload `refresh` gets one, if the session still lives. */
  get hasToken(): boolean {
    return this.accessToken !== undefined;
  }

  /** Signs in; on `two_factor_required` and the like go on with `complete`. */
  async login(credentials: {
    email: string;
    password: string;
    altcha?: string;
  }): Promise<components['schemas']['LoginResult']> {
    return this.complete('/auth/login', credentials);
  }

  /** A step that may end a sign-in: `/auth/login`, `/auth/two-factor`, `/auth/password-change`. */
  async complete<Path extends '/auth/login' | '/auth/two-factor' | '/auth/password-change'>(
    path: Path,
    body: RequestBody<paths[Path]['post']>,
  ): Promise<components['schemas']['LoginResult']> {
    const result = (await this.once('post', path, { body })) as components['schemas']['LoginResult'];
    if (result.status === 'authenticated') this.keep(result.accessToken);
    return result;
  }

  /** Proves oneself again, for routes that answer STEP_UP_REQUIRED. */
  async stepUp(proof: { password: string } | { code: string }): Promise<void> {
    const { accessToken } = await this.call('post', '/auth/step-up', { body: proof });
    this.keep(accessToken);
  }

  /** Ends the session; other tabs are told by their next call. */
  async logout(): Promise<void> {
    await this.once('post', '/auth/logout', {}, { 'X-Requested-With': 'benteng' });
    this.accessToken = undefined;
    this.isSignedOut = true;
  }

  /**
   * Gets a new access token by the refresh cookie. Callers at the same moment share one request; tabs take turns.
   * @returns whether the session lives.
   */
  refresh(): Promise<boolean> {
    this.refreshing ??= this.refreshInTurn().finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }

  /**
   * Calls a route. An access token that has expired is renewed once, and the call repeated.
   * @throws BentengProblem with the code of the service; what `fetch` throws.
   */
  async call<Path extends keyof paths, Name extends MethodOf<Path>>(
    method: Name,
    path: Path,
    options: CallOptions<paths[Path][Name]> = {},
  ): Promise<Success<paths[Path][Name]>> {
    const token = this.accessToken;
    try {
      return (await this.once(method, path, options)) as Success<paths[Path][Name]>;
    } catch (error) {
      if (!(error instanceof BentengProblem)) throw error;
      // Unless another session has begun here meanwhile.
      if (error.code === 'SESSION_ENDED' && token === this.accessToken) this.signOut();
      if (error.code !== 'UNAUTHENTICATED') throw error;
      // Somebody may have renewed it while this call was under way.
      if (token === this.accessToken && !(await this.refresh())) throw error;
      return (await this.once(method, path, options)) as Success<paths[Path][Name]>;
    }
  }

  private async refreshInTurn(): Promise<boolean> {
    const work = async (): Promise<boolean> => {
      try {
        const answer = await this.once('post', '/auth/refresh', {}, { 'X-Requested-With': 'benteng' });
        this.keep((answer as components['schemas']['AccessToken']).accessToken);
        return true;
      } catch (error) {
        if (!(error instanceof BentengProblem) || error.status !== 401) throw error;
        this.signOut();
        return false;
      }
    };
    return this.locks === undefined ? work() : ((await this.locks.request(LOCK, work)) as boolean);
  }

  private keep(accessToken: string): void {
    this.accessToken = accessToken;
    this.isSignedOut = false;
  }

  private signOut(): void {
    this.accessToken = undefined;
    if (this.isSignedOut) return;
    this.isSignedOut = true;
    this.options.onSignedOut?.();
  }

  private async once(
    method: string,
    template: string,
    {
      path = {},
      query = {},
      body,
      signal,
    }: { path?: unknown; query?: unknown; body?: unknown; signal?: AbortSignal },
    headers: Record<string, string> = {},
  ): Promise<unknown> {
    const address = template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(String((path as Record<string, unknown>)[name])),
    );
    const search = new URLSearchParams(
      Object.entries(query as Record<string, unknown>)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]): [string, string] => [name, String(value)]),
    ).toString();
    const response = await this.send(`${this.options.baseUrl}${address}${search && `?${search}`}`, {
      method: method.toUpperCase(),
      credentials: 'include',
      headers: {
        ...headers,
        ...(this.accessToken !== undefined && { Authorization: `Bearer ${this.accessToken}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    });
    if (response.status === 204) return undefined;
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    const value: unknown = isJson ? await response.json() : await response.text();
    if (response.ok) return value;
    throw new BentengProblem(response.status, value as components['schemas']['Problem']);
  }
}
