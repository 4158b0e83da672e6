/** The only source of "now". Read it once at the top of an operation and pass the instant down; tests move it. */
export abstract class Clock {
  /** The current instant. */
  abstract now(): Date;
}

/** The machine's clock. */
export class SystemClock extends Clock {
  override now(): Date {
    return new Date();
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
