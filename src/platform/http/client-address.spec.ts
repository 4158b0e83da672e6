import { fastify, type FastifyRequest } from 'fastify';
import request from 'supertest';
import { addressBucket, clientAddress } from './client-address.js';

/** The address that a server with these trusted proxies sees behind a connection from 127.0.0.1. */
async function seen(trusted: string[], forwarded: string): Promise<string> {
  const server = fastify({ trustProxy: trusted.length > 0 ? trusted : false });
  server.get('/', async (incoming) => ({ address: clientAddress(incoming) }));
  const url = await server.listen({ port: 0, host: '127.0.0.1' });
  const response = await request(url).get('/').set('X-Forwarded-For', forwarded);
  await server.close();
  return (response.body as { address: string }).address;
}

describe('the client address', () => {
  const proxies = ['127.0.0.1', '10.0.0.0/8'];

  it.each([
    ['the connection, when no proxy is trusted', [], '203.0.113.9', '127.0.0.1'],
    ['the connection, when it is not the trusted proxy', ['10.0.0.1'], '203.0.113.9', '127.0.0.1'],
    ['what the proxy saw', proxies, '203.0.113.9', '203.0.113.9'],
    ['the right-most untrusted hop', proxies, '1.1.1.1, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
    ['the right-most hop, whatever stands before it', proxies, 'nonsense, <b>, 203.0.113.9', '203.0.113.9'],
    ['the proxy, when the header is nonsense', proxies, 'nonsense', '127.0.0.1'],
    ['the proxy, when the header is a script', proxies, '<script>alert(1)</script>', '127.0.0.1'],
    ['the proxy, when the header is a shortened address', proxies, '127.1', '127.0.0.1'],
    ['the proxy, when the header is empty', proxies, '', '127.0.0.1'],
    ['IPv4 for its IPv6 form', proxies, '::ffff:203.0.113.9', '203.0.113.9'],
    ['IPv6 in one spelling', proxies, '2001:0DB8::0:1', '2001:db8::1'],
  ])('is %s [V15.3.4]', async (_what, trusted, forwarded, expected) => {
    expect(await seen(trusted, forwarded)).toBe(expected);
  });

  it('leaves out the zone of an IPv6 connection, and is "unknown" when there is none', () => {
    const from = (ip: string, remoteAddress?: string) =>
      clientAddress({ ip, socket: { remoteAddress } } as FastifyRequest);
    expect(from('fe80::1%eth0')).toBe('fe80::1');
    expect(from('::ffff:198.51.100.7')).toBe('198.51.100.7');
    expect(from('nonsense')).toBe('unknown');
  });
});

describe('the address as limits count it', () => {
  it('is the address itself for IPv4, the /64 for IPv6 [L-S4]', () => {
    expect(addressBucket('198.51.100.7')).toBe('198.51.100.7');
    expect(addressBucket('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
    expect(addressBucket('2001:db8:1:2::')).toBe(addressBucket('2001:db8:1:2:ffff:ffff:ffff:ffff'));
    expect(addressBucket('2001:db8:1:3::')).not.toBe(addressBucket('2001:db8:1:2::'));
    expect(addressBucket('unknown')).toBe('unknown');
  });
});
