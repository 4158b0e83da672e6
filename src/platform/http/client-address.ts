import type { IncomingMessage } from 'node:http';
import proxyAddr from '@fastify/proxy-addr';
import type { FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';
import { inRanges } from './address-ranges.js';

/**
 * The client's address in one form: the right-most hop that is no trusted proxy (Fastify applies `trustedHop`), an
 * IPv4-mapped IPv6 address folded into IPv4. Used by limits, audit and sessions alike (ASVS V15.3.4).
 */
export function clientAddress(request: FastifyRequest): string {
  // A trusted proxy may still hand on nonsense that a client put into the header: then its own address counts.
  return (request.clientIp ??=
    hopAddress(request.ip) ?? canonicalAddress(request.socket.remoteAddress ?? '') ?? 'unknown');
}

/**
 * The same of a request that Fastify has not seen yet.
 * @param proxies the trusted ones.
 */
export function clientAddressOf(proxies: readonly string[]): (request: IncomingMessage) => string {
  const isProxy = trustedHop(proxies);
  return (request) => {
    const connection = request.socket.remoteAddress ?? '';
    const hop = request.headers['x-forwarded-for'] === undefined ? connection : proxyAddr(request, isProxy);
    return hopAddress(hop) ?? canonicalAddress(connection) ?? 'unknown';
  };
}

/** Whether the hop that counts is an address at all; else everybody behind that proxy would be one client. */
export function isReadableAddress(request: FastifyRequest): boolean {
  return hopAddress(request.ip) !== null;
}

/** Fastify's question whether the next hop may be believed: whether `text` is one of the trusted proxies. */
export function trustedHop(proxies: readonly string[]): (text: string) => boolean {
  const isTrusted = inRanges(proxies);
  return (text) => {
    const address = hopAddress(text);
    return address !== null && isTrusted(address);
  };
}

/** The address as limits count it: IPv6 by /64, since a household or an attacker holds a whole one. */
export function addressBucket(address: string): string {
  if (!address.includes(':') || !ipaddr.IPv6.isValid(address)) return address;
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

/**
 * The address of a hop as proxies write it, canonical: bare, with a port (`192.0.2.1:5555`, Azure), in brackets
 * (`[2001:db8::1]:443`) or quoted (RFC 7239 §6); null for anything else.
 */
function hopAddress(text: string): string | null {
  const bare = /^\s*"?(?:\[([^\]]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d{1,5})?"?\s*$/.exec(text);
  const [, bracketed, dotted] = bare ?? [];
  if (bracketed !== undefined) return ipaddr.IPv6.isValid(bracketed) ? canonicalAddress(bracketed) : null;
  return canonicalAddress(dotted ?? text.trim());
}
