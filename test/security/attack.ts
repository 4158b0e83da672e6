import { Agent, request as openRequest, type IncomingHttpHeaders } from 'node:http';
import type { TestApp } from '../support/test-app.js';

const agent = new Agent({ keepAlive: true });

/** A request as bytes: nothing is corrected, encoded or added on the way, unlike with a browser's client. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly token?: string | undefined;
  /** For internal routes. */
  readonly serviceKey?: string | undefined;
  readonly headers?: Record<string, string>;
  /** Sent as JSON text when it is a string, as it is when it is a buffer. */
  readonly body?: string | Buffer | undefined;
}

/** An answer as it came. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

/** Sends a request and waits for the whole answer. */
export function send({ url }: TestApp, raw: RawRequest): Promise<Answer> {
  const { method, path, token, serviceKey, headers, body } = raw;
  return new Promise((resolve, reject) => {
    const request = openRequest(url, {
      method,
      path,
      agent,
      headers: {
        'X-Forwarded-For': '192.0.2.10',
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        ...(serviceKey !== undefined && { 'X-Service-Key': serviceKey }),
        ...(body !== undefined && {
          'Content-Type': 'application/json',
          ...(headers?.['Transfer-Encoding'] === undefined && {
            'Content-Length': String(Buffer.byteLength(body)),
          }),
        }),
        ...headers,
      },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: readObject(text),
        });
      });
    });
    request.end(body);
  });
}

function readObject(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** Fails unless the answer is a problem document with this status and code, and tells nothing of the inside. */
export function expectProblem(answer: Answer, status: number, code: string, label = ''): void {
  expect({ label, status: answer.status, code: answer.json['code'] }).toEqual({ label, status, code });
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(answer.json['status']).toBe(status);
  expect(answer.json['requestId']).toMatch(/^[0-9a-f-]{36}$/);
  expect(answer.headers['x-request-id']).toBe(answer.json['requestId']);
  expect(answer.headers['cache-control']).toBe('no-store');
  expect(answer.text).not.toMatch(/node_modules|at \w+ \(|prisma|postgres|\.ts\b|\.js\b|SELECT|FST_ERR/i);
}

/** Every table of ours, from the catalogue. */
async function tablesOf({ database }: TestApp): Promise<string[]> {
  const rows = await database.client.$queryRaw<{ name: string }[]>`
    SELECT relname::text AS name FROM pg_class
    WHERE relnamespace = 'benteng'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname`;
  return rows.map(({ name }) => name);
}

/**
 * Count and digest of every table: two equal ones mean that not a single value changed, but when a service key was last
 * used, which is noted of a refused request too.
 */
export async function databaseState(test: TestApp): Promise<Record<string, string>> {
  const state: Record<string, string> = {};
  for (const table of await tablesOf(test)) {
    const [row] = await test.database.client.$queryRawUnsafe<{ rows: string }[]>(
      `SELECT count(*) || ' rows, ' || coalesce(md5(string_agg(row::text, '|' ORDER BY row::text)), '') AS rows
       FROM (SELECT to_jsonb(t) - ${table === 'service_keys' ? "'last_used_at'" : "''"} AS row FROM benteng.${table} t) AS rows`,
    );
    state[table] = row!.rows;
  }
  return state;
}

/** Every value of every table as one text, to search it. */
export async function databaseText(test: TestApp): Promise<string> {
  const texts: string[] = [];
  for (const table of await tablesOf(test)) {
    const rows = await test.database.client.$queryRawUnsafe<{ row: string }[]>(
      `SELECT to_jsonb(t)::text AS row FROM benteng.${table} t`,
    );
    texts.push(...rows.map(({ row }) => row));
  }
  return texts.join('\n');
}
