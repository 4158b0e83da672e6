import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A balancer that remembers nothing. */
export interface RoundRobin {
  readonly url: string;
  close(): void;
}

/** Hands each request to the next of several programs; `targets` may be changed while it runs. */
export async function roundRobin(targets: readonly string[]): Promise<RoundRobin> {
  let next = 0;
  const server = createServer((incoming, outgoing) => {
    const target = new URL(targets[next++ % targets.length]!);
    const { host, port } = { host: target.hostname, port: target.port };
    const onward = request(
      { host, port, method: incoming.method, path: incoming.url, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode!, answer.rawHeaders);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
