// The load generator, a process of its own: { kind, url, connections, seconds, users?, token?, cookies?, request? } comes as a
// message, { perSecond, answersPerSecond, p50, p99, refused } goes back. The first second warms up and is not counted, so that neither
// the ramp nor the requests that are cut off at the end change the rate.
import { createHmac } from 'node:crypto';
import autocannon from 'autocannon';

const WARM_UP_MS = 1000;
const JSON_HEADERS = { 'content-type': 'application/json' };

/** How each kind of load shapes the requests of one connection. */
const KINDS = {
  /** The same GET again and again. */
  get: ({ token }) => ({ method: 'GET', headers: token ? { authorization: `Bearer ${token}` } : {} }),
  /** The same request again and again, whatever it is. */
  any: ({ request }) => request,
  /** Every connection signs in one user after another, each in a browser that the user has used before. */
  login: ({ users }) => {
    let next = 0;
    const send = (set) => {
      const { cookie, ...credentials } = users[next++ % users.length];
      set({ ...JSON_HEADERS, cookie }, JSON.stringify(credentials));
    };
    return {
      method: 'POST',
      headers: JSON_HEADERS,
      body: '{}',
      setupClient: (client) => {
        const use = () => send((headers, body) => client.setHeadersAndBody(headers, body));
        use();
        client.on('response', use);
      },
    };
  },
  /** Every request is a delivery of its own, signed as Standard Webhooks says. */
  webhook: ({ secret, body }) => {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    let next = 0;
    return {
      method: 'POST',
      body,
      setupClient: (client) => {
        const use = () => {
          const id = `bench_${process.pid}_${next++}`;
          const timestamp = String(Math.floor(Date.now() / 1000));
          const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
          client.setHeaders({
            ...JSON_HEADERS,
            'webhook-id': id,
            'webhook-timestamp': timestamp,
            'webhook-signature': `v1,${signature}`,
          });
        };
        use();
        client.on('response', use);
      },
    };
  },
  /** Every connection is a browser with a session of its own, whose cookie changes with each answer. */
  refresh: ({ cookies }) => {
    let next = 0;
    return {
      method: 'POST',
      setupClient: (client) => {
        let cookie = cookies[next++];
        const use = () => client.setHeaders({ cookie, 'x-requested-with': 'bench' });
        use();
        client.on('headers', ({ headers }) => {
          const at = headers.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'set-cookie');
          if (at >= 0) cookie = headers[at + 1].split(';', 1)[0];
        });
        client.on('response', use);
      },
    };
  },
};

process.once('message', async (job) => {
  const request = KINDS[job.kind](job);
  const countFrom = performance.now() + WARM_UP_MS;
  const latencies = [];
  let refused = 0;
  let lastAt = countFrom;
  const instance = autocannon({
    ...request,
    url: job.url,
    connections: job.connections,
    duration: job.seconds + WARM_UP_MS / 1000,
    timeout: 60,
  });
  instance.on('response', (_client, status, _bytes, milliseconds) => {
    const now = performance.now();
    if (now < countFrom) return;
    if (status >= 300) refused += 1;
    else latencies.push(milliseconds);
    lastAt = now;
  });
  await instance;
  latencies.sort((a, b) => a - b);
  const at = (share) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? null;
  const countedSeconds = Math.max(job.seconds / 2, (lastAt - countFrom) / 1000);
  process.send({
    perSecond: latencies.length / countedSeconds,
    answersPerSecond: (latencies.length + refused) / countedSeconds,
    p50: at(0.5),
    p99: at(0.99),
    refused,
  });
});
