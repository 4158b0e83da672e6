// The flood, a process of its own: { base, addresses, seconds } comes as a message; how the strangers were answered goes
// back. Each address tries one password for another account again and again, without doing the work it is asked for.
import { Agent, request } from 'node:http';

process.once('message', async ({ base, addresses, seconds }) => {
  const agent = new Agent({ keepAlive: true, maxSockets: addresses });
  const endAt = performance.now() + seconds * 1000;
  const answers = { judged: 0, asked: 0, limited: 0, unavailable: 0, other: 0 };
  const kinds = { 401: 'judged', 403: 'asked', 429: 'limited', 503: 'unavailable' };
  const attack = async (at) => {
    for (let tries = 0; performance.now() < endAt; tries += 1) {
      const body = JSON.stringify({
        email: `person${(at * 7 + tries) % 200}@example.com`,
        password: 'Salah-kuda7',
      });
      const status = await send(agent, `${base}/auth/login`, `172.${16 + (at >> 8)}.${at & 255}.9`, body);
      answers[kinds[status] ?? 'other'] += 1;
    }
  };
  await Promise.all(Array.from({ length: addresses }, (_, at) => attack(at)));
  agent.destroy();
  process.send(answers);
});

function send(agent, url, address, body) {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'x-forwarded-for': address,
    };
    const call = request(url, { agent, method: 'POST', headers }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode));
    });
    call.once('error', reject);
    call.end(body);
  });
}
