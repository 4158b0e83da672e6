import type { ServicePrincipal } from './principal.js';

/** Answers which service holds a key. Provided by the service keys module; the platform knows no module. */
export abstract class ServiceKeyReader {
  /** @returns null for every key that does not open anything from this address now, whatever the reason. */
  abstract findService(key: string, ipAddress: string): Promise<ServicePrincipal | null>;
}
