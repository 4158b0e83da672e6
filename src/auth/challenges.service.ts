import { Injectable } from '@nestjs/common';
import { addSeconds, Clock } from '../platform/clock/clock.js';
import { sha256 } from '../platform/crypto/digest.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { Database, type Transaction } from '../platform/database/database.js';
import { readingWhatCanBe } from '../platform/database/unreadable-fields.js';
import type {
  Challenge,
  ChallengePurpose,
  Organization,
  TotpFactor,
  User,
} from '../platform/database/generated/client.js';
import { challengeRefused } from './auth.errors.js';

/** How long each proof may be awaited, in seconds (contract §2). */
const LIFETIME_SECONDS: Record<ChallengePurpose, number> = {
  TWO_FACTOR: 300,
  PASSWORD_CHANGE: 900,
  TWO_FACTOR_SETUP: 900,
};
const TOKEN_BYTES = 32;

/** A challenge that still holds, with the account it belongs to. */
export type OpenChallenge = Challenge & {
  user: User & { organization: Organization; totpFactor: TotpFactor | null };
};

/** What a challenge is made for. */
export interface NewChallenge {
  readonly user: Pick<User, 'id' | 'organizationId' | 'credentialVersion'>;
  readonly purpose: ChallengePurpose;
  /** RFC 8176 values: what was proved so far. */
  readonly amr: readonly string[];
  /** The attempt to sign in that it belongs to. */
  readonly attemptId?: string | undefined;
}

/** A fresh challenge as the client gets it. */
export interface IssuedChallenge {
  readonly challengeToken: string;
  readonly expiresInSeconds: number;
}

/** Rows for proofs still awaited. Their tokens are 256 random bits, stored as SHA-256, and open nothing else. */
@Injectable()
export class ChallengesService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly random: RandomSource,
  ) {}

  /** Opens a challenge bound to the user's present credentials: any change of them ends it. */
  async issue(tx: Transaction, { user, purpose, amr, attemptId }: NewChallenge): Promise<IssuedChallenge> {
    const token = this.random.bytes(TOKEN_BYTES).toString('base64url');
    const now = this.clock.now();
    const expiresInSeconds = LIFETIME_SECONDS[purpose];
    await tx.challenge.create({
      data: {
        id: this.random.id(),
        organizationId: user.organizationId,
        userId: user.id,
        purpose,
        tokenHash: Uint8Array.from(sha256(token)),
        credentialVersion: user.credentialVersion,
        amr: [...amr],
        loginAttemptId: attemptId ?? null,
        createdAt: now,
        expiresAt: addSeconds(now, expiresInSeconds),
      },
      select: { id: true },
    });
    return { challengeToken: token, expiresInSeconds };
  }

  /**
   * Finds an open challenge; spends nothing.
   * A factor that cannot be decrypted is no reason: a backup code or an administrator may still help.
   * @throws CHALLENGE_REFUSED for every reason alike: unknown, other purpose, used, expired, account changed or suspended.
   */
  async getOpen(token: string, purpose: ChallengePurpose): Promise<OpenChallenge> {
    // The token is what says whose challenge it is.
    const challenge = await readingWhatCanBe(() =>
      this.database.acrossTenants(() =>
        this.database.client.challenge.findFirst({
          where: { tokenHash: Uint8Array.from(sha256(token)) },
          include: { user: { include: { organization: true, totpFactor: true } } },
        }),
      ),
    );
    const holds =
      challenge !== null &&
      challenge.purpose === purpose &&
      challenge.consumedAt === null &&
      challenge.expiresAt > this.clock.now() &&
      challenge.credentialVersion === challenge.user.credentialVersion &&
      challenge.user.status === 'ACTIVE';
    if (!holds) throw challengeRefused();
    return challenge;
  }

  /**
   * Spends a challenge: of all who try at once, one succeeds. The account's row is held until the transaction ends, so
   * that its credentials cannot change between this and what the challenge opens.
   * @throws CHALLENGE_REFUSED, also when they changed since `getOpen`.
   */
  async consume(
    tx: Transaction,
    { id, organizationId }: Pick<Challenge, 'id' | 'organizationId'>,
  ): Promise<void> {
    const now = this.clock.now();
    const count = await this.database.forTenant(
      organizationId,
      () => tx.$executeRaw`
      WITH account AS (
        SELECT u.id, u.credential_version FROM benteng.users u
        WHERE u.status = 'ACTIVE' AND u.id = (
          SELECT c.user_id FROM benteng.challenges c
          WHERE c.id = ${id}::uuid AND c.organization_id = ${organizationId}::uuid)
        FOR UPDATE
      )
      UPDATE benteng.challenges c SET consumed_at = ${now}
      FROM account
      WHERE c.id = ${id}::uuid AND c.credential_version = account.credential_version
        AND c.consumed_at IS NULL AND c.expires_at > ${now}`,
    );
    if (count === 0) throw challengeRefused();
  }
}
