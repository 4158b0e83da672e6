import request, { type Response } from 'supertest';

type Method = 'get' | 'head' | 'post' | 'patch' | 'delete' | 'options';

/** Headers to add or, with undefined, to leave out. */
type Headers = Record<string, string | undefined>;

/** Talks to the application like a browser: keeps cookies, has an address, remembers the access token. */
export class TestClient {
  /** Sent as `Authorization: Bearer …` when set. */
  accessToken: string | undefined;
  readonly cookies = new Map<string, string>();
  userAgent =
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

  constructor(
    private readonly url: string,
    public address: string,
  ) {}

  get(path: string, headers?: Headers): Promise<Response> {
    return this.send('get', path, undefined, headers);
  }

  post(path: string, body?: object | string, headers?: Headers): Promise<Response> {
    return this.send('post', path, body, headers);
  }

  patch(path: string, body?: object | string, headers?: Headers): Promise<Response> {
    return this.send('patch', path, body, headers);
  }

  delete(path: string, body?: object, headers?: Headers): Promise<Response> {
    return this.send('delete', path, body, headers);
  }

  /** Signs in and keeps the access token. */
  async login(credentials: { email: string; password: string }): Promise<Response> {
    const response = await this.post('/auth/login', {
      email: credentials.email,
      password: credentials.password,
    });
    this.accessToken = (response.body as { accessToken?: string }).accessToken;
    return response;
  }

  /** Uses the refresh cookie and keeps the new access token. */
  async refresh(): Promise<Response> {
    const response = await this.post('/auth/refresh', undefined, { 'X-Requested-With': 'test' });
    this.accessToken = (response.body as { accessToken?: string }).accessToken ?? this.accessToken;
    return response;
  }

  /** Any request; redirects are shown, not followed. */
  async send(method: Method, path: string, body?: object | string, headers: Headers = {}): Promise<Response> {
    const all: Headers = {
      'User-Agent': this.userAgent,
      'X-Forwarded-For': this.address,
      Authorization: this.accessToken === undefined ? undefined : `Bearer ${this.accessToken}`,
      Cookie:
        this.cookies.size === 0
          ? undefined
          : [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      ...headers,
    };
    let pending = request(this.url)[method](path).redirects(0);
    for (const [name, value] of Object.entries(all))
      if (value !== undefined) pending = pending.set(name, value);
    // Bytes go out as they are.
    if (Buffer.isBuffer(body)) pending = pending.serialize((bytes) => bytes as string);
    const response = await (body === undefined ? pending : pending.send(body));
    this.keepCookies(response);
    return response;
  }

  private keepCookies(response: Response): void {
    const lines = (response.headers['set-cookie'] ?? []) as unknown as string[];
    for (const line of lines) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (name === undefined || value === undefined) continue;
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }
}
