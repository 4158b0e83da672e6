/** The only source of time. Read it once at the top of an operation and pass the instant down; tests move it. */
export abstract class Clock {
  /** The current instant, as people count it: may jump when somebody sets the machine's clock. */
  abstract now(): Date;

  /**
   * Milliseconds since an arbitrary moment; never goes back. For everything that this process keeps in memory for a
   * while: windows of limits, pauses, what is forgotten after a time.
   */
  abstract monotonicMs(): number;
}

/** The machine's clock. */
export class SystemClock extends Clock {
  override now(): Date {
    return new Date();
  }

  override monotonicMs(): number {
    return performance.now();
  }
}

/** `instant` moved by whole or broken seconds. */
export function addSeconds(instant: Date, seconds: number): Date {
  return new Date(instant.getTime() + seconds * 1000);
}

/** Whole seconds since the Unix epoch, as JWT claims count them (RFC 7519 §2, NumericDate). */
export function toEpochSeconds(instant: Date): number {
  return Math.floor(instant.getTime() / 1000);
}
