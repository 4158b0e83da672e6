import type { LockoutSetting } from './config.js';

/** A rate of the form `<requests>/<seconds>`. */
export interface Rate {
  readonly requests: number;
  readonly seconds: number;
}

/** Thrown once at start, with every fault at once; the message is meant for the operator's eyes. */
export class ConfigurationError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(`The settings are not usable:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'ConfigurationError';
  }
}

/** Reads typed values out of environment variables and collects what is wrong instead of stopping at the first fault. */
export class EnvironmentReader {
  readonly faults: string[] = [];

  constructor(private readonly environment: Readonly<Record<string, string | undefined>>) {}

  /** The text of a variable; an empty one counts as unset. */
  text(name: string): string | undefined {
    const value = this.environment[name]?.trim();
    return value === '' ? undefined : value;
  }

  /** Notes a fault of `name`; the value itself is never repeated, it may be a secret. */
  fault(name: string, sentence: string): void {
    this.faults.push(`${name}: ${sentence}`);
  }

  integer(name: string, fallback: number, range: { min: number; max: number }): number {
    const value = this.text(name);
    if (value === undefined) return fallback;
    const number = /^\d{1,12}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= range.min && number <= range.max) return number;
    this.fault(name, `expected a whole number from ${range.min} to ${range.max}`);
    return fallback;
  }

  boolean(name: string, fallback: boolean): boolean {
    return this.choice(name, ['true', 'false'] as const, fallback ? 'true' : 'false') === 'true';
  }

  choice<T extends string>(name: string, allowed: readonly T[], fallback: T): T {
    const value = this.text(name);
    if (value === undefined) return fallback;
    const match = allowed.find((candidate) => candidate === value);
    if (match === undefined) this.fault(name, `expected ${allowed.join(' or ')}`);
    return match ?? fallback;
  }

  rate(name: string, fallback: Rate): Rate {
    const value = this.text(name);
    if (value === undefined) return fallback;
    const [, requests, seconds] = /^([1-9]\d{0,8})\/([1-9]\d{0,6})$/.exec(value) ?? [];
    if (requests && seconds) return { requests: Number(requests), seconds: Number(seconds) };
    this.fault(name, 'expected <requests>/<seconds>, for example 5/60');
    return fallback;
  }

  /** `<failures>/<window seconds>/<lock seconds>` */
  lockout(name: string, fallback: LockoutSetting): LockoutSetting {
    const value = this.text(name);
    if (value === undefined) return fallback;
    const [, failures, windowSeconds, lockSeconds] =
      /^([1-9]\d{0,2})\/([1-9]\d{0,6})\/([1-9]\d{0,6})$/.exec(value) ?? [];
    if (failures && windowSeconds && lockSeconds) {
      return {
        failures: Number(failures),
        windowSeconds: Number(windowSeconds),
        lockSeconds: Number(lockSeconds),
      };
    }
    this.fault(name, 'expected <failures>/<window seconds>/<lock seconds>, for example 10/3600/1800');
    return fallback;
  }

  list(name: string): string[] {
    return (this.text(name) ?? '')
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  }

  url(name: string, fallback: string, protocols: readonly string[]): string {
    const value = this.text(name) ?? fallback;
    const url = URL.canParse(value) ? new URL(value) : null;
    if (url !== null && protocols.includes(url.protocol)) {
      // Clients take a missing host for localhost; PostgreSQL's may stand among the parameters (a socket's folder).
      if (url.hostname !== '' || (url.searchParams.get('host') ?? '') !== '') return value;
      this.fault(name, 'names no host');
      return fallback;
    }
    this.fault(name, `expected an address that begins with ${protocols.map((p) => `${p}//`).join(' or ')}`);
    return fallback;
  }

  /** Stops the start when anything was wrong. */
  assertNoFaults(): void {
    if (this.faults.length > 0) throw new ConfigurationError(this.faults);
  }
}
