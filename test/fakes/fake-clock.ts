import { addSeconds, Clock } from '../../src/platform/clock/clock.js';

/** A clock that stands still until a test moves it. */
export class FakeClock extends Clock {
  constructor(private instant = new Date('2026-01-31T08:00:00.000Z')) {
    super();
  }

  override now(): Date {
    return new Date(this.instant);
  }

  advanceSeconds(seconds: number): void {
    this.instant = addSeconds(this.instant, seconds);
  }
}
