import { lookup } from 'node:dns/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

const TIMEOUT_MS = 10_000;

/** The address may not be sent to: private, loopback, link-local or otherwise not of the public Internet. */
export class ForbiddenAddressError extends Error {
  constructor() {
    super('the webhook address is not a public one, and ALERT_WEBHOOK_ALLOW_PRIVATE is false');
    this.name = 'ForbiddenAddressError';
  }
}

/**
 * Posts a body and waits for the status. Redirects are not followed, the answer's body is not read. The name is resolved
 * once and the connection made to exactly the address that was checked, so that it cannot point elsewhere a moment later
 * (OWASP SSRF prevention; ASVS V15.3.2).
 * @throws ForbiddenAddressError; Error when nothing answers in time or the status is not 2xx.
 */
export async function postWebhook(
  target: string,
  headers: Record<string, string>,
  body: string,
  allowPrivate: boolean,
): Promise<void> {
  const url = new URL(target);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const { address, family } = await inTime(lookup(host));
  if (!allowPrivate && !isPublic(address)) throw new ForbiddenAddressError();
  const pinned: LookupFunction = (_host, options, done) =>
    options.all ? done(null, [{ address, family }]) : done(null, address, family);
  const status = await send(
    url,
    { ...headers, 'Content-Length': String(Buffer.byteLength(body)) },
    body,
    pinned,
  );
  if (status < 200 || status > 299) throw new Error(`the receiver answered ${status}`);
}

/** Whether an address belongs to the public Internet; mapped and translated forms of others do not. */
export function isPublic(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';
}

/** The outcome of `work`, within the time of a delivery. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const stop = new AbortController();
  const late = delay(TIMEOUT_MS, undefined, { signal: stop.signal }).then(() => {
    throw new Error('the name of the receiver was not resolved in time');
  });
  return Promise.race([work, late]).finally(() => stop.abort());
}

function send(
  url: URL,
  headers: Record<string, string>,
  body: string,
  pinned: LookupFunction,
): Promise<number> {
  const request = url.protocol === 'https:' ? tlsRequest : plainRequest;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const outgoing = request(url, { method: 'POST', headers, lookup: pinned, agent: false, signal });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    outgoing.end(body);
  });
}
