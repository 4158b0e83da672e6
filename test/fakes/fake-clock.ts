import { addSeconds, Clock } from '../../src/platform/clock/clock.js';

/** A clock that stands still until a test moves it. */
export class FakeClock extends Clock {
  private elapsedMs = 0;

  constructor(private instant = new Date('2026-01-31T08:00:00.000Z')) {
    super();
  }

  override now(): Date {
    return new Date(this.instant);
  }

  override monotonicMs(): number {
    return this.elapsedMs;
  }

  /** Time passes. */
  advanceSeconds(seconds: number): void {
    this.instant = addSeconds(this.instant, seconds);
    this.elapsedMs += seconds * 1000;
  }

  /** Somebody sets the machine's clock: no time passes. */
  setBy(seconds: number): void {
    this.instant = addSeconds(this.instant, seconds);
  }
}
