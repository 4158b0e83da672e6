import { Injectable } from '@nestjs/common';
import { createChallenge, randomInt, verifySolution, type Challenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/sha';
import type { AttemptBooking } from '../login-attempts/login-attempts.service.js';
import { addSeconds, Clock, toEpochSeconds } from '../platform/clock/clock.js';
import { Config } from '../platform/config/config.js';
import { hmacSha256, sha256 } from '../platform/crypto/digest.js';
import { TokenKeyRing, type RingKey } from '../platform/crypto/key-ring.js';
import { Database, type Statement } from '../platform/database/database.js';
import { captchaRequired } from './auth.errors.js';
import { parseCaptchaPayload, type CaptchaPayload } from './captcha-payload.js';

/** Failures of an email or address within the lockout's window from which on a proof of work is due (contract §9). */
const FREE_FAILURES = 3;
const LIFETIME_SECONDS = 300;

const SPEND: Statement = {
  name: 'spend_captcha',
  text: `
    INSERT INTO benteng.spent_captchas (id, expires_at) VALUES ($1::bytea, $2::timestamptz)
    ON CONFLICT DO NOTHING RETURNING 1 AS spent`,
};

/**
 * Proof of work against bots (ALTCHA, no third party): a browser searches a number for a second, a bot for as many
 * seconds as it has guesses. Challenges are signed, not stored; each solution works once.
 */
@Injectable()
export class CaptchaService {
  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly keys: TokenKeyRing,
    private readonly database: Database,
  ) {}

  /** A challenge for the ALTCHA widget, good for five minutes. */
  create(): Promise<Challenge> {
    const { captchaDifficulty } = this.config;
    return createChallenge({
      algorithm: 'SHA-256',
      cost: 1,
      // Not too low: nobody should be let off cheaply by chance.
      counter: randomInt(Math.ceil(captchaDifficulty / 2), captchaDifficulty),
      deriveKey,
      expiresAt: toEpochSeconds(addSeconds(this.clock.now(), LIFETIME_SECONDS)),
      ...secretsOf(this.keys.current),
    });
  }

  /** Whether strangers must bring a solution while the line for hashes is long. */
  get isDueInCrowds(): boolean {
    return this.config.captcha === 'auto';
  }

  /** Whether a try must bring a solution: after three failures for its email or its address. */
  isDue({ failuresBefore, addressFailures }: AttemptBooking): boolean {
    return (
      this.config.captcha !== 'off' && (failuresBefore >= FREE_FAILURES || addressFailures >= FREE_FAILURES)
    );
  }

  /** Checks and spends a solution. @throws CAPTCHA_REQUIRED when it is missing, forged, expired or was used before. */
  async spend(altcha: string | undefined): Promise<void> {
    const payload = altcha === undefined ? null : parseCaptchaPayload(altcha);
    if (payload === null) throw captchaRequired();
    const expiresAt = new Date((payload.challenge.parameters.expiresAt ?? 0) * 1000);
    if (!(await this.isGenuine(payload)) || expiresAt <= this.clock.now()) {
      throw captchaRequired({ detail: 'The proof of work is wrong or has expired. Fetch a new challenge.' });
    }
    const id = Uint8Array.from(sha256(payload.challenge.signature));
    const spent = await this.database.run(SPEND, [id, expiresAt]);
    if (spent.length === 0) {
      throw captchaRequired({ detail: 'This proof of work was used already. Fetch a new challenge.' });
    }
  }

  private async isGenuine({ challenge, solution }: CaptchaPayload): Promise<boolean> {
    for (const key of this.keys.keys) {
      const { verified } = await verifySolution({ challenge, solution, deriveKey, ...secretsOf(key) });
      if (verified) return true;
    }
    return false;
  }
}

/** Keys of their own for this purpose. */
function secretsOf({ bytes }: RingKey): { hmacSignatureSecret: string; hmacKeySignatureSecret: string } {
  return {
    hmacSignatureSecret: hmacSha256(bytes, 'benteng captcha challenge v1').toString('hex'),
    hmacKeySignatureSecret: hmacSha256(bytes, 'benteng captcha key v1').toString('hex'),
  };
}
