import type { FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';

/**
 * The client's address in one form: the right-most hop that is no trusted proxy (Fastify applies `TRUST_PROXY`), an
 * IPv4-mapped IPv6 address folded into IPv4. Used by limits, audit and sessions alike (ASVS V15.3.4).
 */
export function clientAddress(request: FastifyRequest): string {
  // A trusted proxy may still hand on nonsense that a client put into the header: then its own address counts.
  return canonicalAddress(request.ip) ?? canonicalAddress(request.socket.remoteAddress ?? '') ?? 'unknown';
}

/** The address as limits count it: IPv6 by /64, since a household or an attacker holds a whole one. */
export function addressBucket(address: string): string {
  if (!ipaddr.IPv6.isValid(address)) return address;
  const parts = ipaddr.IPv6.parse(address).parts.slice(0, 4);
  return `${new ipaddr.IPv6([...parts, 0, 0, 0, 0]).toString()}/64`;
}

/** The network an address belongs to, as turns are shared: IPv4 by /24, IPv6 by /64. */
export function networkOf(address: string): string {
  const [, network] = /^((?:\d+\.){3})\d+$/.exec(address) ?? [];
  return network === undefined ? addressBucket(address) : `${network}0/24`;
}

/** An address in the one form that is stored and compared; null when the text is none. */
export function canonicalAddress(text: string): string | null {
  const withoutZone = text.split('%', 1)[0] ?? '';
  if (!ipaddr.IPv4.isValidFourPartDecimal(withoutZone) && !ipaddr.IPv6.isValid(withoutZone)) return null;
  return ipaddr.process(withoutZone).toString();
}
