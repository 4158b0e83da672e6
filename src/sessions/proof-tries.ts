import { Injectable } from '@nestjs/common';
import type { Principal } from '../platform/access/principal.js';
import { addSeconds, Clock } from '../platform/clock/clock.js';
import { Database, type Statement } from '../platform/database/database.js';
import { rateLimited } from '../platform/errors/platform.errors.js';
import { Problem } from '../platform/errors/problem.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';

/** What is proved again: the password, a code, a backup code. */
export type ProofKind = 'pwd' | 'otp' | 'backup_code';

/** Wrong proofs of one account, over all sessions and routes, from which on each ends the session it is given in. */
const FAILURES_TO_END = 10;
const WINDOW_SECONDS = 3600;

/** What a wrong proof is answered with; any other refusal says nothing about the proof. */
const REFUSALS = new Set(['INVALID_CREDENTIALS', 'TWO_FACTOR_CODE_REFUSED']);

/**
 * Books a proof as wrong before it is looked at: of a hundred parallel guesses no more than the limit are compared. From
 * the limit on a session has one try at a time: a wrong one ends it, and the owner beside a thief may still prove theirs.
 *
 * $1 user, $2 organization, $3 session, $4 now, $5 start of the window, $6 the limit.
 */
const BOOK_PROOF: Statement = {
  name: 'book_proof',
  tenant: 2,
  text: `
    UPDATE benteng.users u SET
      failed_proofs = ARRAY(
        SELECT f.at FROM unnest(u.failed_proofs, u.failed_proof_sessions) AS f(at, session_id)
        WHERE f.at > $5::timestamptz) || $4::timestamptz,
      failed_proof_sessions = ARRAY(
        SELECT f.session_id FROM unnest(u.failed_proofs, u.failed_proof_sessions) AS f(at, session_id)
        WHERE f.at > $5::timestamptz) || $3::uuid
    WHERE u.id = $1::uuid AND u.organization_id = $2::uuid
      AND NOT EXISTS (
        SELECT FROM (
          SELECT f.session_id, row_number() OVER (ORDER BY f.place) AS place
          FROM unnest(u.failed_proofs, u.failed_proof_sessions) WITH ORDINALITY AS f(at, session_id, place)
          WHERE f.at > $5::timestamptz) AS recent
        WHERE recent.place >= $6::int AND recent.session_id = $3::uuid)
    RETURNING cardinality(u.failed_proofs) AS failures`,
};

/** What is left without the booking, of `column`: read in the statement that writes it, so that none is lost. */
const withoutBooking = (column: string): string => `
      ARRAY(
        SELECT f.${column} FROM unnest(u.failed_proofs, u.failed_proof_sessions) WITH ORDINALITY AS f(at, session_id, place)
        WHERE f.place IS DISTINCT FROM (
          SELECT max(b.place)
          FROM unnest(u.failed_proofs, u.failed_proof_sessions) WITH ORDINALITY AS b(at, session_id, place)
          WHERE b.session_id = $3::uuid AND b.at = $4::timestamptz))`;

/** Takes a booking back. $1 user, $2 organization, $3 session, $4 instant of the booking. */
const TAKE_BACK_PROOF: Statement = {
  name: 'take_back_proof',
  tenant: 2,
  text: `
    UPDATE benteng.users u SET
      failed_proofs = ${withoutBooking('at')},
      failed_proof_sessions = ${withoutBooking('session_id')}
    WHERE u.id = $1::uuid AND u.organization_id = $2::uuid`,
};

/**
 * Counts proofs that are given again inside a session (contract §2): a stolen access token must neither become a way to
 * learn a password or a code, nor keep the owner from proving theirs. Apart from the counts at sign-in. When the tries are
 * used up, remembered browsers end too: whoever guesses on must pass the second factor at sign-in, where codes are counted
 * for the account.
 */
@Injectable()
export class ProofTries {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly events: SecurityEvents,
  ) {}

  /**
   * Has `prove` look at a proof. A wrong one leaves an event, and the tenth within an hour ends the session.
   * @returns what `prove` returns.
   * @throws what `prove` throws; RATE_LIMITED while the try that may end the session is being looked at.
   */
  async judge<T>(
    principal: Principal,
    kind: ProofKind,
    client: ClientContext,
    prove: () => Promise<T>,
  ): Promise<T> {
    const bookedAt = this.clock.now();
    const failures = await this.book(principal, bookedAt);
    try {
      const proved = await prove();
      await this.takeBack(principal, bookedAt);
      return proved;
    } catch (error) {
      if (!(error instanceof Problem)) throw error; // nobody knows what it was: it counts
      if (REFUSALS.has(error.definition.code)) await this.refuse(principal, kind, failures, client);
      else await this.takeBack(principal, bookedAt);
      throw error;
    }
  }

  private async book({ userId, organizationId, sessionId }: Principal, now: Date): Promise<number> {
    const since = addSeconds(now, -WINDOW_SECONDS);
    const [booking] = await this.database.run<{ failures: number }>(BOOK_PROOF, [
      userId,
      organizationId,
      sessionId,
      now,
      since,
      FAILURES_TO_END,
    ]);
    if (booking === undefined) throw rateLimited({ retryAfterSeconds: 1 });
    return booking.failures;
  }

  private async takeBack({ userId, organizationId, sessionId }: Principal, bookedAt: Date): Promise<void> {
    await this.database.run(TAKE_BACK_PROOF, [userId, organizationId, sessionId, bookedAt]);
  }

  private async refuse(
    principal: Principal,
    proof: ProofKind,
    failures: number,
    client: ClientContext,
  ): Promise<void> {
    const { userId, organizationId, sessionId, via } = principal;
    const about = { organizationId, actorId: userId, targetId: userId, client };
    const details = { sessionId, proof, failures };
    await this.database.transaction(async (tx) => {
      this.events.record(tx, { ...about, action: 'proof.refused', details });
      if (failures < FAILURES_TO_END) return;
      const now = this.clock.now();
      if (via === 'enrolment') {
        await tx.challenge.updateMany({
          where: { id: sessionId, organizationId, consumedAt: null },
          data: { consumedAt: now },
        });
      }
      const { count } = await tx.session.updateMany({
        where: { id: sessionId, organizationId, endedAt: null },
        data: { endedAt: now, endReason: 'PROOFS_REFUSED' },
      });
      if (count > 0) this.events.record(tx, { ...about, action: 'session.proofs_exhausted', details });
      // A browser that skips the second factor would open the next session, and ten guesses more, with the password alone.
      await tx.rememberedDevice.deleteMany({ where: { organizationId, userId } });
    });
  }
}
