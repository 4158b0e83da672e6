import { request as httpRequest } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { BODY_LIMITS } from '../../src/platform/http/body-intake.js';
import { createFastify } from '../../src/platform/http/create-fastify.js';
import { sendProblem } from '../../src/platform/http/send-problem.js';
import { withUpload } from '../../src/platform/http/upload.js';
import { createLogger } from '../../src/platform/observability/logger.js';
import { BOUNDARY, form, FORM_TYPE } from '../factories/forms.js';
import { testConfig } from '../support/test-config.js';

const MIB = 1024 * 1024;

/** The real server below Nest, with a route for each kind of body. */
async function startServer(limits = BODY_LIMITS): Promise<FastifyInstance> {
  const server = await createFastify(
    testConfig({ LOG_LEVEL: 'silent' }),
    createLogger({ logLevel: 'silent' }),
    undefined,
    limits,
  );
  server.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
  server.post('/json', (request, reply) => reply.send({ body: request.body ?? null }));
  server.post('/raw', { config: { bodyKind: 'raw' } }, (request, reply) =>
    reply.send({ length: (request.body as Buffer).length }),
  );
  server.post('/file', { config: { bodyKind: 'file' } }, async (request, reply) =>
    withUpload(request, ({ name, bytes }) => {
      void reply.send({ name, length: bytes.length });
      return Promise.resolve(reply);
    }),
  );
  await server.listen({ port: 0, host: '127.0.0.1' });
  return server;
}

const portOf = (server: FastifyInstance) => (server.server.address() as AddressInfo).port;

/** Sends a whole request. @returns its status. */
function post(
  server: FastifyInstance,
  path: string,
  body: Buffer | string,
  type: string,
  address = '192.0.2.1',
): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': type,
      'content-length': Buffer.byteLength(body),
      'x-forwarded-for': address,
    };
    const options = { port: portOf(server), host: '127.0.0.1', path, method: 'POST', agent: false, headers };
    const sent = httpRequest(options, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode!));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Numbers from a seed, so that a failure can be repeated (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const PARTS = [
  `--${BOUNDARY}\r\n`,
  `--${BOUNDARY}--\r\n`,
  `--${BOUNDARY}`,
  'Content-Disposition: form-data; name="file"; filename="a.xlsx"\r\n',
  'Content-Disposition: form-data; filename="a"\r\n',
  'Content-Disposition: form-data; name="file"\r\n',
  'Content-Disposition: form-data; name=""; filename=""\r\n',
  "Content-Disposition: form-data; name*=UTF-8''file; filename*=x'y%zz\r\n",
  'Content-Disposition: attachment\r\n',
  'Content-Disposition:\r\n',
  'Content-Type: application/octet-stream\r\n',
  'Content-Type: text/plain; charset=utf-16le\r\n',
  'Content-Type: ;;=\r\n',
  'Content-Transfer-Encoding: base64\r\n',
  ': \r\n',
  `X: ${'x'.repeat(9000)}\r\n`,
  '\r\n',
  '\r\n\r\n',
  'PK\u0003\u0004',
  '\0',
];

const FILE_PART = '--b\r\nContent-Disposition:form-data;name=file;filename=a\r\n\r\n\r\n';

/** A form that is put together wrongly, or a right one with faults in it. */
function mutation(below: (limit: number) => number): Buffer {
  if (below(2) === 0)
    return Buffer.from(Array.from({ length: 1 + below(14) }, () => PARTS[below(PARTS.length)]).join(''));
  let bytes = form([{ field: 'file', name: 'a.xlsx', content: 'x'.repeat(below(300)) }]);
  for (let faults = 1 + below(4); faults > 0; faults -= 1) {
    const at = below(bytes.length);
    const end = Math.min(bytes.length, at + below(40));
    const middle = [
      () => Buffer.alloc(0),
      () => Buffer.concat([bytes.subarray(at, end), bytes.subarray(at, end)]),
      () => Buffer.from([below(256)]),
      () => Buffer.from(PARTS[below(PARTS.length)]!),
    ][below(4)]!();
    bytes = Buffer.concat([bytes.subarray(0, at), middle, bytes.subarray(end)]);
  }
  return bytes;
}

/** Sends forms one behind the other on one connection, without waiting. @returns the statuses in their order. */
function sendInARow(server: FastifyInstance, bodies: readonly Buffer[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: portOf(server), host: '127.0.0.1' });
    let answers = '';
    socket.on('data', (chunk) => (answers += chunk.toString('latin1')));
    socket.on('error', reject);
    socket.on('close', () =>
      resolve([...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status!)),
    );
    for (const [index, body] of bodies.entries()) {
      const last = index === bodies.length - 1 ? 'Connection: close\r\n' : '';
      socket.write(
        `POST /file HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM_TYPE}\r\nContent-Length: ${body.length}\r\n${last}\r\n`,
      );
      socket.write(body);
    }
  });
}

describe('a form', () => {
  let server: FastifyInstance;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.close());

  it('that is broken in any of 10,000 ways is refused or read, and the server lives [F-1] [V16.5.3]', async () => {
    const below = random(20_261_121);
    const counts = new Map<string, number>();
    const bundles = Array.from({ length: 10 }, () => Array.from({ length: 1000 }, () => mutation(below)));
    for (const statuses of await Promise.all(bundles.map((bundle) => sendInARow(server, bundle))))
      for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
    expect([...counts.keys()].toSorted()).toEqual(['200', '400']);
    expect(counts.get('200')! + counts.get('400')!).toBe(10_000);
    expect(counts.get('200')).toBeGreaterThan(200);
    expect(counts.get('400')).toBeGreaterThan(2000);
    expect(server.bodies.heldBytes).toBe(0);
  }, 120_000);

  it.each([
    ['parts without a name', '', '--b\r\nA:b\r\n\r\n\r\n'],
    ['parts that are cut off', '', '--b\r\n'],
    ['fields', '', '--b\r\nContent-Disposition:form-data;name=f\r\n\r\n\r\n'],
    ['surplus fields', FILE_PART, '--b\r\nContent-Disposition:form-data;name=f\r\n\r\n\r\n'],
    ['surplus files', FILE_PART, FILE_PART],
    ['header lines', '--b\r\n', 'A:b\r\n'],
    ['header lines of the file', FILE_PART.slice(0, -4), 'A:b\r\n'],
  ])(
    'of 10 MiB of %s is refused at the first one, and nobody else waits [F-1] [F-7]',
    async (_what, head, item) => {
      const body = Buffer.concat([
        Buffer.from(head),
        Buffer.from(item.repeat((9.99 * MIB) / item.length)),
        Buffer.from(item.startsWith('-') ? '--b--\r\n' : '\r\n\r\n--b--\r\n'),
      ]);
      const delays = monitorEventLoopDelay({ resolution: 5 });
      delays.enable();
      const begunAt = performance.now();
      const type = 'multipart/form-data; boundary=b';
      const statuses = await Promise.all(Array.from({ length: 3 }, () => post(server, '/file', body, type)));
      const tookMs = performance.now() - begunAt;
      delays.disable();
      expect(statuses).toEqual([400, 400, 400]);
      // Read to the end they took 30 s and more, and as long in one piece; the bounds leave room for a busy machine.
      expect(tookMs).toBeLessThan(10_000);
      expect(delays.max / 1e6).toBeLessThan(2000);
      expect(server.bodies.heldBytes).toBe(0);
    },
  );
});

/** Begins a request of 9 MiB and stops after `bytes` of its body. */
function beginUpload(server: FastifyInstance, bytes: number, address: string): Begun {
  const socket = connect({ port: portOf(server), host: '127.0.0.1' });
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString()));
  socket.on('error', () => undefined);
  socket.write(
    `POST /file HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${address}\r\nContent-Type: ${FORM_TYPE}\r\n` +
      `Content-Length: ${9 * MIB}\r\n\r\n`,
  );
  socket.write(Buffer.alloc(bytes, 120));
  return { socket, answer: () => answer };
}

interface Begun {
  readonly socket: Socket;
  answer(): string;
}

async function until(isSo: () => boolean): Promise<void> {
  for (let waited = 0; waited < 500 && !isSo(); waited += 1) await delay(10);
  expect(isSo()).toBe(true);
}

describe('unfinished bodies', () => {
  const limits = {
    ...BODY_LIMITS,
    totalBytes: 16 * MIB,
    addressBytes: 12 * MIB,
    graceMs: 100,
    stalledMs: 60_000,
    checkEveryMs: 20,
  };
  let server: FastifyInstance;
  let begun: Begun[] = [];
  const begin = (count: number, address: (index: number) => string) => {
    const some = Array.from({ length: count }, (_, index) =>
      beginUpload(server, 4 * MIB + index, address(index)),
    );
    begun.push(...some);
    return some;
  };
  beforeEach(async () => {
    server = await startServer(limits);
  });
  afterEach(async () => {
    for (const { socket } of begun) socket.destroy();
    begun = [];
    await server.close();
  });

  it('hold no more memory together than is set, and the rest is told to come back [F-7]', async () => {
    const crowd = begin(30, (index) => `198.51.100.${index}`);
    await until(() => crowd.filter((one) => one.answer() !== '').length >= 26);
    expect(server.bodies.heldBytes).toBeLessThanOrEqual(limits.totalBytes);
    const refused = crowd.map((one) => one.answer()).filter((answer) => answer !== '');
    for (const answer of refused) {
      expect(answer).toMatch(/^HTTP\/1\.1 503 [\s\S]*\r\nretry-after: 2\r\n[\s\S]*"code":"UNAVAILABLE"/i);
      expect(answer).toMatch(/\r\nconnection: close\r\n/i);
    }
    for (const { socket } of crowd) socket.destroy();
    await until(() => server.bodies.heldBytes === 0);
  });

  it('make way for those that come at once: nobody else notices [F-7]', async () => {
    begin(6, (index) => `198.51.100.${index}`);
    await until(() => server.bodies.heldBytes > 12 * MIB);
    await delay(150);
    const others: [string, string | Buffer, string][] = [
      ['/json', JSON.stringify({ a: 'x'.repeat(90_000) }), 'application/json'],
      ['/raw', Buffer.alloc(MIB), 'text/plain'],
      ['/file', form([{ name: 'a.xlsx', content: Buffer.alloc(9 * MIB) }]), FORM_TYPE],
    ];
    for (const [path, body, type] of others)
      expect([path, await post(server, path, body, type)]).toEqual([path, 200]);
  });

  it('of one address get no more than its share [F-7]', async () => {
    const crowd = begin(8, () => '198.51.100.7');
    await until(() => crowd.filter((one) => one.answer() !== '').length >= 5);
    expect(server.bodies.heldBytes).toBeLessThanOrEqual(limits.addressBytes);
  });

  it('are dropped when they come drop by drop, or not at all [F-7]', async () => {
    await server.close();
    server = await startServer({ ...limits, stalledMs: 200, minBytesPerSecond: 1000 });
    const still = beginUpload(server, 10, '198.51.100.1');
    const dripping = beginUpload(server, 10, '198.51.100.2');
    const steady = beginUpload(server, 10_000, '198.51.100.3');
    begun.push(still, dripping, steady);
    const timer = setInterval(() => {
      dripping.socket.write('x');
      steady.socket.write('x'.repeat(100));
    }, 20);
    await until(() => still.answer() !== '' && dripping.answer() !== '');
    clearInterval(timer);
    expect([still, dripping].map((one) => one.answer().slice(0, 12))).toEqual([
      'HTTP/1.1 408',
      'HTTP/1.1 408',
    ]);
    expect(steady.answer()).toBe('');
  });

  it('cost what they are long, also in pieces of one byte [F-7]', async () => {
    const socket = connect({ port: portOf(server), host: '127.0.0.1' });
    begun.push({ socket, answer: () => '' });
    socket.write(
      'POST /raw HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    socket.write('1\r\nx\r\n'.repeat(100_000));
    await until(() => server.bodies.heldBytes > 65_536);
    expect(server.bodies.heldBytes).toBeLessThanOrEqual(262_144);
  });
});
