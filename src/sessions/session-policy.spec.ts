import { addSeconds } from '../platform/clock/clock.js';
import type { Config } from '../platform/config/config.js';
import { idleCutoff, isActivityDue, isLive } from './session-policy.js';

const withIdleSeconds = (idleSeconds: number) =>
  ({ session: { idleSeconds, absoluteSeconds: 86_400, maxPerUser: 10 } }) as Config;
const config = withIdleSeconds(18_000);
const now = new Date('2026-01-31T08:00:00.000Z');
const session = { endedAt: null, expiresAt: addSeconds(now, 1), lastActiveAt: now };

describe('the life of a session', () => {
  it('goes on until it is ended, too old or idle for too long [L-S8.1] [V7.3.1] [V7.3.2]', () => {
    expect(isLive(session, config, now)).toBe(true);
    expect(isLive({ ...session, endedAt: now }, config, now)).toBe(false);
    expect(isLive({ ...session, expiresAt: now }, config, now)).toBe(false);
    expect(isLive({ ...session, expiresAt: addSeconds(now, 0.001) }, config, now)).toBe(true);
    expect(isLive({ ...session, lastActiveAt: addSeconds(now, -18_000) }, config, now)).toBe(false);
    expect(isLive({ ...session, lastActiveAt: addSeconds(now, -17_999.999) }, config, now)).toBe(true);
  });

  it('is judged by the same instant in lists and on requests', () => {
    const lastActiveAt = idleCutoff(config, now);
    expect(isLive({ ...session, lastActiveAt }, config, now)).toBe(false);
  });

  it('notes activity at most once a minute, more often where the idle time is short', () => {
    const dueAfter = (seconds: number, idleSeconds: number) =>
      isActivityDue(
        { ...session, lastActiveAt: addSeconds(now, -seconds) },
        withIdleSeconds(idleSeconds),
        now,
      );
    expect([dueAfter(59, 18_000), dueAfter(60, 18_000)]).toEqual([false, true]);
    expect([dueAfter(4, 100), dueAfter(5, 100)]).toEqual([false, true]);
  });
});
