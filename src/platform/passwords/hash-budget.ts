import { Injectable } from '@nestjs/common';
import { LimitsService } from '../limits/limits.service.js';

/** Acts of a signed-in person that cost hashes. */
const OF_PERSON = { requests: 30, seconds: 60 };
/** Tries with one challenge token. */
const OF_CHALLENGE = { requests: 5, seconds: 60 };

/**
 * One budget per caller for everything that costs hashes, whatever route it takes; spent before the first of them. Tries
 * to sign in and registrations have limits of their own, per address.
 */
@Injectable()
export class HashBudget {
  constructor(private readonly limits: LimitsService) {}

  /** @throws RATE_LIMITED */
  async spendOfPerson(userId: string): Promise<void> {
    await this.limits.consume('HASHES', `person ${userId}`, OF_PERSON);
  }

  /** @throws RATE_LIMITED */
  async spendOfChallenge(challengeId: string): Promise<void> {
    await this.limits.consume('HASHES', `challenge ${challengeId}`, OF_CHALLENGE);
  }
}
