import { addSeconds } from '../platform/clock/clock.js';
import type { Config } from '../platform/config/config.js';

/** The parts of a session's row that decide whether it is live. */
export interface SessionState {
  readonly endedAt: Date | null;
  readonly expiresAt: Date;
  readonly lastActiveAt: Date;
}

/** The latest `lastActiveAt` that already counts as idle for too long. */
export function idleCutoff(config: Config, now: Date): Date {
  return addSeconds(now, -config.session.idleSeconds);
}

/** Whether the session may still be used: not ended, not too old, not idle for too long (ASVS V7.3.1, V7.3.2). */
export function isLive(session: SessionState, config: Config, now: Date): boolean {
  return (
    session.endedAt === null && session.expiresAt > now && session.lastActiveAt > idleCutoff(config, now)
  );
}

/**
 * Whether activity should be written: in steps of a twentieth of the idle time, a minute at most, so that a busy
 * session costs one write per step and never ends early by more than that.
 */
export function isActivityDue(session: SessionState, config: Config, now: Date): boolean {
  const stepSeconds = Math.min(60, config.session.idleSeconds / 20);
  return addSeconds(session.lastActiveAt, stepSeconds) <= now;
}
