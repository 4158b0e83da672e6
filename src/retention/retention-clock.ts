import { Injectable } from '@nestjs/common';
import { addSeconds } from '../platform/clock/clock.js';
import { Database, type Statement } from '../platform/database/database.js';

const DAY = 86_400;

interface Look {
  readonly seenAt: Date;
  readonly heldUntil: Date | null;
  /** Nobody has looked before. */
  readonly isFirst: boolean;
}

/** What the clock is compared with: the last look; before the first one the newest sign-in, or when the schema was made. */
const LAST_LOOK: Statement = {
  name: 'retention_last_look',
  text: `
    SELECT COALESCE(c.seen_at, (SELECT max(created_at) FROM benteng.login_attempts),
                    (SELECT max(finished_at) FROM benteng._prisma_migrations)) AS "seenAt", c.held_until AS "heldUntil", c.id IS NULL AS "isFirst"
    FROM (SELECT 1) AS one LEFT JOIN benteng.retention_clock c ON c.id`,
};

const NOTE_LOOK: Statement = {
  name: 'retention_note_look',
  text: `
    INSERT INTO benteng.retention_clock (seen_at, held_until) VALUES ($1::timestamptz, $2::timestamptz)
    ON CONFLICT (id) DO UPDATE SET seen_at = $1::timestamptz, held_until = $2::timestamptz`,
};

/**
 * Whether the clock may decide what is old. A clock that is a year ahead makes everything old, and what retention
 * deletes is gone: after a jump of more than a day, also after a day without a server, nothing is deleted until the clock
 * has gone on steadily for a day, or an operator says that it is right.
 */
@Injectable()
export class RetentionClock {
  constructor(private readonly database: Database) {}

  /** What keeps retention from deleting, in words; null: nothing. Changes nothing. */
  async objection(now: Date): Promise<string | null> {
    const last = await this.lastLook();
    const { seenAt, heldUntil } = last;
    if (isJump(last, now)) {
      return `the clock says ${now.toISOString()}, the last look at it was at ${seenAt.toISOString()}`;
    }
    if (heldUntil === null || heldUntil <= now) return null;
    return `the clock has jumped by more than a day; it is trusted again from ${heldUntil.toISOString()} on`;
  }

  /** Looks at the clock, as a server does every hour. @returns as `objection`. */
  async look(now: Date): Promise<string | null> {
    const objection = await this.objection(now);
    const last = await this.lastLook();
    const held = isJump(last, now) ? addSeconds(now, DAY) : last.heldUntil;
    await this.database.run(NOTE_LOOK, [now, objection === null ? null : held]);
    return objection;
  }

  /** An operator says that the clock is right. */
  async trust(now: Date): Promise<void> {
    await this.database.run(NOTE_LOOK, [now, null]);
  }

  private async lastLook(): Promise<Look> {
    const [row] = await this.database.run<Look>(LAST_LOOK, []);
    return row!;
  }
}

/** A clock that is behind deletes less, not more: back counts as a jump only from a look at it that was ahead. */
function isJump({ seenAt, isFirst }: Look, now: Date): boolean {
  const seconds = (now.getTime() - seenAt.getTime()) / 1000;
  return seconds > DAY || (!isFirst && seconds < -DAY);
}
