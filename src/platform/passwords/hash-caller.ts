import { networkOf } from '../http/client-address.js';

/** In the order in which they are served. */
export const RANKS = ['person', 'known', 'worked', 'stranger'] as const;
export type Rank = (typeof RANKS)[number];

/** For whom a hash is computed: who goes first, and with whom one shares a turn. */
export interface HashCaller {
  readonly rank: Rank;
  /** Callers of one rank and key wait behind each other; the keys of a rank take turns. */
  readonly key: string;
}

/** Somebody signed in, or who proved a password a moment ago. @param id of the account. */
export function signedIn(id: string): HashCaller {
  return { rank: 'person', key: id };
}

/** A browser that the owner of the address has used before. */
export function knownBrowser(deviceId: string): HashCaller {
  return { rank: 'known', key: deviceId };
}

/** Anybody else, by network: whoever holds a whole one gets the turns of one. @param hasWorked a proof of work was spent. */
export function strangerAt(ipAddress: string, hasWorked = false): HashCaller {
  return { rank: hasWorked ? 'worked' : 'stranger', key: networkOf(ipAddress) };
}

/** The operator, at the command line. */
export const OPERATOR: HashCaller = { rank: 'person', key: 'operator' };
