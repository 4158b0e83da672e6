import { Injectable } from '@nestjs/common';
import QRCode from 'qrcode';
import type { Principal } from '../platform/access/principal.js';
import { isTwoFactorRequired } from '../platform/access/two-factor-policy.js';
import { addSeconds, Clock } from '../platform/clock/clock.js';
import { Config } from '../platform/config/config.js';
import { TokenKeyRing } from '../platform/crypto/key-ring.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { Database, type Transaction } from '../platform/database/database.js';
import { readingWhatCanBe } from '../platform/database/unreadable-fields.js';
import { isUniqueViolation } from '../platform/database/database-errors.js';
import type { TotpFactor } from '../platform/database/generated/client.js';
import { conflict, forbidden, stepUpRequired } from '../platform/errors/platform.errors.js';
import type { SecurityAction } from '../platform/events/security-event.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { backupCodeHashes, createBackupCodes } from './backup-code.js';
import type { FactorProof } from './factor-proof.js';
import { SessionFactorProof } from './session-factor-proof.js';
import { createTotpSecret, findTimeStep, otpauthUrl } from './totp.js';
import { twoFactorCodeRefused, twoFactorNotEnabled } from './two-factor.errors.js';

/** A setup that nobody confirms is forgotten after this long. */
const PENDING_SECONDS = 900;

const NEEDS_THE_FACTOR =
  'A second factor is enabled, and only its holder may replace it: send a code of it as "code" or a backup code as "backupCode".';

/** Whose factor. */
export interface FactorOwner {
  readonly userId: string;
  readonly organizationId: string;
}

/** What a setup shows, once (contract §4). */
export interface FactorSetup {
  /** Base32, for typing by hand. */
  secret: string;
  otpauthUrl: string;
  /** SVG data URL of the same. */
  qrCode: string;
}

/**
 * The life of a second factor:
 *
 *   none ── setup ──▶ pending ── a right code ──▶ enabled ── disable, or removed by an administrator ──▶ none
 *                      │ ▲                          │
 *        15 min later ─┘ └── setup again, on a proof by the old one, which counts until the new one is confirmed
 *
 * Enabling, replacing and removing raise the account's credential version, which ends open challenges and remembered
 * devices.
 */
@Injectable()
export class TwoFactorService {
  constructor(
    private readonly database: Database,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly random: RandomSource,
    private readonly tokenKeys: TokenKeyRing,
    private readonly proof: SessionFactorProof,
    private readonly events: SecurityEvents,
  ) {}

  /** Whether the factor is on, since when, and how many backup codes are left. */
  async status({ userId, organizationId }: FactorOwner) {
    const [user, backupCodesLeft] = await Promise.all([
      this.database.client.user.findFirst({
        where: { id: userId, organizationId },
        select: { twoFactorEnabledAt: true },
      }),
      this.database.client.backupCode.count({ where: { userId, organizationId, consumedAt: null } }),
    ]);
    const confirmedAt = user?.twoFactorEnabledAt ?? null;
    return { enabled: confirmedAt !== null, confirmedAt, backupCodesLeft };
  }

  /**
   * Begins a setup. It is inert until a code confirms it; an enabled factor goes on counting meanwhile, and is replaced
   * only by whoever holds it: neither the password nor a remembered browser is enough for that.
   * @param proof a code or a backup code of the enabled factor; empty where there is none.
   * @throws STEP_UP_REQUIRED without a proof by the enabled factor; what the proof throws.
   */
  async beginSetup(principal: Principal, proof: FactorProof, client: ClientContext): Promise<FactorSetup> {
    const { userId: id, organizationId } = principal;
    const { email, organization } = await this.database.client.user.findFirstOrThrow({
      where: { id, organizationId },
      select: { email: true, organization: { select: { name: true } } },
    });
    const secret = createTotpSecret(this.random);
    const isProved = proof.code !== undefined || proof.backupCode !== undefined;
    if (isProved) {
      await this.proof.prove(principal, proof, client, (tx) => this.keepPending(tx, principal, secret, true));
    } else {
      await this.findOrCreateRow(principal);
      await this.database.transaction((tx) => this.keepPending(tx, principal, secret, false));
    }
    const url = otpauthUrl(organization.name, email, secret);
    const svg = await QRCode.toString(url, { type: 'svg', errorCorrectionLevel: 'M' });
    return {
      secret,
      otpauthUrl: url,
      qrCode: `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`,
    };
  }

  /**
   * Checks the first code of a pending setup; changes nothing.
   * @throws TWO_FACTOR_NOT_ENABLED when no setup was begun within 15 minutes; TWO_FACTOR_CODE_REFUSED
   */
  async checkPending(
    { userId, organizationId }: FactorOwner,
    code: string,
  ): Promise<{ factor: TotpFactor; timeStep: number }> {
    const factor = await readingWhatCanBe(() =>
      this.database.client.totpFactor.findFirst({ where: { userId, organizationId } }),
    );
    const now = this.clock.now();
    if (!factor?.pendingSecret || !isStillPending(factor, now)) throw twoFactorNotEnabled();
    const timeStep = findTimeStep(factor.pendingSecret, code, now);
    if (timeStep === null) throw twoFactorCodeRefused();
    return { factor, timeStep };
  }

  /**
   * Puts the confirmed secret in force with a fresh set of backup codes. The confirming code is spent by it.
   * @returns the backup codes, to be shown once.
   * @throws CONFLICT when another setup came in between.
   */
  async enable(
    tx: Transaction,
    { factor, timeStep }: { factor: TotpFactor; timeStep: number },
    client: ClientContext,
  ): Promise<string[]> {
    const { id, userId, organizationId, pendingSecret: secret, pendingSince } = factor;
    const now = this.clock.now();
    // Only the setup whose code was checked may take effect, and only once.
    const { count } = await tx.totpFactor.updateMany({
      where: { id, organizationId, pendingSince, pendingSecret: { not: null } },
      data: { pendingSecret: null, pendingSince: null },
    });
    if (count === 0) throw conflict();
    await tx.totpFactor.update({
      where: { id, organizationId },
      data: {
        secret,
        lastTimeStep: timeStep,
        failedAttemptCount: 0,
        failureWindowEndsAt: null,
        lockedUntil: null,
      },
      select: { id: true },
    });
    await this.markChanged(tx, { userId, organizationId }, now);
    this.record(tx, 'two_factor.enabled', { userId, organizationId }, userId, client);
    return this.replaceBackupCodes(tx, { userId, organizationId });
  }

  /**
   * Turns the factor off; sign-in is single-step afterwards (L-S7.4).
   * @throws TWO_FACTOR_NOT_ENABLED, TWO_FACTOR_CODE_REFUSED, RATE_LIMITED; FORBIDDEN where the policy demands a factor.
   */
  async disable(principal: Principal, input: FactorProof, client: ClientContext): Promise<void> {
    if (isTwoFactorRequired(this.config, principal.role)) {
      throw forbidden({
        detail: 'A second factor is required here. To change the device, begin a new setup instead.',
      });
    }
    await this.proof.prove(principal, input, client, async (tx) => {
      await this.removeRows(tx, principal);
      this.record(tx, 'two_factor.disabled', principal, principal.userId, client);
    });
  }

  /**
   * A fresh set of backup codes; the old set is dead.
   * @throws TWO_FACTOR_NOT_ENABLED, TWO_FACTOR_CODE_REFUSED, RATE_LIMITED
   */
  async regenerateBackupCodes(principal: Principal, code: string, client: ClientContext): Promise<string[]> {
    return this.proof.prove(principal, { code }, client, async (tx) => {
      this.record(tx, 'two_factor.backup_codes_replaced', principal, principal.userId, client);
      return this.replaceBackupCodes(tx, principal);
    });
  }

  /** Ends the lock of a factor after too many wrong codes and forgets them. @returns whether it was locked. */
  async unlock(tx: Transaction, { userId, organizationId }: FactorOwner): Promise<boolean> {
    const owner = { userId, organizationId };
    const locked = await tx.totpFactor.count({
      where: { ...owner, lockedUntil: { gt: this.clock.now() } },
    });
    await tx.totpFactor.updateMany({
      where: owner,
      data: { failedAttemptCount: 0, failureWindowEndsAt: null, lockedUntil: null },
    });
    return locked > 0;
  }

  /** Removes a lost factor on an administrator's word; nothing happens where there is none. */
  async removeByAdmin(
    tx: Transaction,
    admin: Principal,
    userId: string,
    client: ClientContext,
  ): Promise<void> {
    const owner = { userId, organizationId: admin.organizationId };
    await this.removeRows(tx, owner);
    this.record(tx, 'two_factor.removed_by_admin', owner, admin.userId, client);
  }

  /**
   * Puts a secret beside what is in force, in place of one that waited already.
   * @throws STEP_UP_REQUIRED when a factor is enabled, also since a moment ago, and was not proved.
   */
  private async keepPending(
    tx: Transaction,
    { userId, organizationId }: FactorOwner,
    pendingSecret: string,
    isProved: boolean,
  ): Promise<void> {
    const pendingSince = this.clock.now();
    const [row] = await tx.totpFactor.updateManyAndReturn({
      where: { userId, organizationId, ...(!isProved && { secret: null }) },
      data: { pendingSince },
      select: { id: true },
    });
    if (row === undefined) throw stepUpRequired({ detail: NEEDS_THE_FACTOR });
    const { id } = row;
    await tx.totpFactor.update({
      where: { id, organizationId },
      data: { pendingSecret },
      select: { id: true },
    });
  }

  private async removeRows(tx: Transaction, { userId, organizationId }: FactorOwner): Promise<void> {
    await tx.totpFactor.deleteMany({ where: { userId, organizationId } });
    await tx.backupCode.deleteMany({ where: { userId, organizationId } });
    await this.markChanged(tx, { userId, organizationId }, null);
  }

  private async markChanged(
    tx: Transaction,
    { userId, organizationId }: FactorOwner,
    enabledAt: Date | null,
  ): Promise<void> {
    await tx.user.updateMany({
      where: { id: userId, organizationId },
      data: { twoFactorEnabledAt: enabledAt, credentialVersion: { increment: 1 } },
    });
  }

  private async replaceBackupCodes(
    tx: Transaction,
    { userId, organizationId }: FactorOwner,
  ): Promise<string[]> {
    const codes = createBackupCodes(this.random);
    const createdAt = this.clock.now();
    await tx.backupCode.deleteMany({ where: { userId, organizationId } });
    await tx.backupCode.createMany({
      data: codes.map((code) => ({
        id: this.random.id(),
        userId,
        organizationId,
        codeHash: backupCodeHashes(this.tokenKeys, userId, code)[0]!,
        createdAt,
      })),
    });
    return codes;
  }

  private async findOrCreateRow({ userId, organizationId }: FactorOwner): Promise<void> {
    const present = await this.database.client.totpFactor.count({ where: { userId, organizationId } });
    if (present > 0) return;
    try {
      await this.database.client.totpFactor.create({
        data: { id: this.random.id(), userId, organizationId, createdAt: this.clock.now() },
        select: { id: true },
      });
    } catch (error) {
      // Two setups at the same instant: both may go on, the later secret counts.
      if (!isUniqueViolation(error)) throw error;
    }
  }

  private record(
    tx: Transaction,
    action: SecurityAction,
    { organizationId, userId: targetId }: FactorOwner,
    actorId: string,
    client: ClientContext,
  ): void {
    this.events.record(tx, { action, organizationId, actorId, targetId, client });
  }
}

function isStillPending({ pendingSince }: TotpFactor, now: Date): boolean {
  return pendingSince !== null && addSeconds(pendingSince, PENDING_SECONDS) > now;
}
