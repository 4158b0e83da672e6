import { Injectable } from '@nestjs/common';
import QRCode from 'qrcode';
import type { Principal } from '../platform/access/principal.js';
import { Clock } from '../platform/clock/clock.js';
import { Config } from '../platform/config/config.js';
import { TokenKeyRing } from '../platform/crypto/key-ring.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { Database, type Transaction } from '../platform/database/database.js';
import { isUniqueViolation } from '../platform/database/database-errors.js';
import type { TotpFactor } from '../platform/database/generated/client.js';
import { conflict, forbidden } from '../platform/errors/platform.errors.js';
import type { SecurityAction } from '../platform/events/security-event.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { backupCodeHashes, createBackupCodes } from './backup-code.js';
import type { FactorProof } from './factor-proof.js';
import { SessionFactorProof } from './session-factor-proof.js';
import { createTotpSecret, findTimeStep, otpauthUrl } from './totp.js';
import { isTwoFactorRequired } from './two-factor-policy.js';
import { twoFactorCodeRefused, twoFactorNotEnabled } from './two-factor.errors.js';

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
 *                        ▲                          │
 *                        └── setup again: the old one counts until the new one is confirmed
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

  /** Begins a setup. It is inert until a code confirms it; an enabled factor goes on counting meanwhile. */
  async beginSetup(owner: FactorOwner): Promise<FactorSetup> {
    const { userId, organizationId } = owner;
    const { email, organization } = await this.database.client.user.findFirstOrThrow({
      where: { id: userId, organizationId },
      select: { email: true, organization: { select: { name: true } } },
    });
    const secret = createTotpSecret(this.random);
    const { id } = await this.findOrCreateRow(owner);
    await this.database.client.totpFactor.update({
      where: { id, organizationId },
      data: { pendingSecret: secret, pendingSince: this.clock.now() },
      select: { id: true },
    });
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
   * @throws TWO_FACTOR_NOT_ENABLED when no setup was begun; TWO_FACTOR_CODE_REFUSED; RATE_LIMITED
   */
  async checkPending(
    { userId, organizationId }: FactorOwner,
    code: string,
  ): Promise<{ factor: TotpFactor; timeStep: number }> {
    await this.proof.countTry(userId);
    const factor = await this.database.client.totpFactor.findFirst({ where: { userId, organizationId } });
    if (!factor?.pendingSecret) throw twoFactorNotEnabled();
    const timeStep = findTimeStep(factor.pendingSecret, code, this.clock.now());
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
    const spend = await this.proof.check(principal, input);
    await this.database.transaction(async (tx) => {
      await spend(tx);
      await this.removeRows(tx, principal);
      this.record(tx, 'two_factor.disabled', principal, principal.userId, client);
    });
  }

  /**
   * A fresh set of backup codes; the old set is dead.
   * @throws TWO_FACTOR_NOT_ENABLED, TWO_FACTOR_CODE_REFUSED, RATE_LIMITED
   */
  async regenerateBackupCodes(principal: Principal, code: string, client: ClientContext): Promise<string[]> {
    const spend = await this.proof.check(principal, { code });
    return this.database.transaction(async (tx) => {
      await spend(tx);
      this.record(tx, 'two_factor.backup_codes_replaced', principal, principal.userId, client);
      return this.replaceBackupCodes(tx, principal);
    });
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

  private async findOrCreateRow({ userId, organizationId }: FactorOwner): Promise<{ id: string }> {
    const find = () =>
      this.database.client.totpFactor.findFirst({ where: { userId, organizationId }, select: { id: true } });
    const present = await find();
    if (present !== null) return present;
    try {
      return await this.database.client.totpFactor.create({
        data: { id: this.random.id(), userId, organizationId, createdAt: this.clock.now() },
        select: { id: true },
      });
    } catch (error) {
      // Two setups at the same instant: both may go on, the later secret counts.
      const winner = isUniqueViolation(error) ? await find() : null;
      if (winner === null) throw error;
      return winner;
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
