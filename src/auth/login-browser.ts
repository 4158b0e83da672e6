import type { Rate } from '../platform/config/environment-reader.js';
import type { CounterRecord } from '../platform/limits/counters.js';

/** What the browser of a login brought along, beside the proofs. */
export interface LoginBrowser {
  /** Cookie of a remembered device, if it has one. */
  readonly rememberedDeviceToken: string | null;
  /**
   * Its id, if the owner of the canonical address has signed in with it before; else null.
   * @param since what was known before this instant is forgotten: the last change of the password, for whoever asks
   * because of trust and not to say who it may be.
   */
  knownDeviceId(email: string, since?: Date | null): string | null;
}

/** The same at the first step, which is counted: the answer tells how many tries are left. */
export interface CountedBrowser extends LoginBrowser {
  showLimit(rule: string, rate: Rate, count: CounterRecord): void;
}
