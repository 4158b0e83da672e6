import type { FastifyReply } from 'fastify';
import type { Rate } from '../config/environment-reader.js';
import type { CounterRecord } from './counters.js';

/**
 * Adds a rule to the header fields of draft-ietf-httpapi-ratelimit-headers-10:
 * `RateLimit-Policy: "login_ip";q=5;w=60` and `RateLimit: "login_ip";r=4;t=58`.
 */
export function addRateLimitFields(
  reply: FastifyReply,
  name: string,
  { requests, seconds }: Rate,
  { totalHits, timeToExpire }: CounterRecord,
): void {
  const label = `"${name.toLowerCase()}"`;
  const left = Math.max(0, requests - totalHits);
  appendField(reply, 'RateLimit-Policy', `${label};q=${requests};w=${seconds}`);
  appendField(reply, 'RateLimit', `${label};r=${left};t=${timeToExpire}`);
}

function appendField(reply: FastifyReply, field: string, value: string): void {
  const present = reply.getHeader(field);
  void reply.header(field, present === undefined ? value : `${String(present)}, ${value}`);
}
