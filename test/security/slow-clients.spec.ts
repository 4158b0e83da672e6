import { connect, type AddressInfo, type Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { createFastify, type Timeouts } from '../../src/platform/http/create-fastify.js';
import { createLogger } from '../../src/platform/observability/logger.js';
import { testConfig } from '../support/test-config.js';

/** The real server with limits that a test can wait for. */
const SHORT: Timeouts = { requestMs: 600, headersMs: 300, keepAliveMs: 400, checkEveryMs: 50 };

let server: FastifyInstance;
const sockets: Socket[] = [];

beforeAll(async () => {
  server = await createFastify(
    testConfig({ LOG_LEVEL: 'silent' }),
    createLogger({ logLevel: 'silent' }),
    SHORT,
  );
  server.post('/echo', (request, reply) => reply.send(request.body));
  server.get('/ok', (_request, reply) => reply.send({ ok: true }));
  await server.listen({ port: 0, host: '127.0.0.1' });
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await server.close();
});

interface Talk {
  readonly socket: Socket;
  /** Everything the server said until it hung up. */
  readonly ended: Promise<string>;
}

/** A client that says what it is told, and listens until the server hangs up. */
function talk(text: string): Talk {
  const { port } = server.server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1' });
  sockets.push(socket);
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString()));
  socket.on('error', () => undefined);
  socket.write(text);
  return { socket, ended: new Promise((resolve) => socket.once('close', () => resolve(answer))) };
}

/** One byte again and again, as long as somebody listens. */
function drip({ socket }: Talk): void {
  const timer = setInterval(() => socket.write('x'), 20);
  socket.once('close', () => clearInterval(timer));
}

describe('a slow client', () => {
  it('that never ends its headers is cut off, with a problem document [A-8]', async () => {
    const slow = talk('GET /ok HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    drip(slow);
    expect(await slow.ended).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":"REQUEST_TIMEOUT"/);
  });

  it('that never ends its body is cut off', async () => {
    const head =
      'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50000\r\n\r\n"';
    const slow = talk(head);
    drip(slow);
    expect(await slow.ended).not.toContain('200 OK');
  });

  it('that keeps an idle connection is hung up on after its answer', async () => {
    const idle = talk('GET /ok HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await idle.ended).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  it('costs nobody else their place: a hundred of them, and an answer at once', async () => {
    const crowd = Array.from({ length: 100 }, () => talk('POST /echo HTTP/1.1\r\nHost: x\r\n'));
    expect(await talk('GET /ok HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n').ended).toContain(
      '{"ok":true}',
    );
    const answers = await Promise.all(crowd.map(({ ended }) => ended));
    expect(answers.every((answer) => answer.startsWith('HTTP/1.1 408 '))).toBe(true);
  });
});
