import { Injectable } from '@nestjs/common';
import type { Principal } from '../platform/access/principal.js';
import { addSeconds, Clock } from '../platform/clock/clock.js';
import { TokenKeyRing } from '../platform/crypto/key-ring.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { createRotatingToken, isJustSpent, parseRotatingToken } from '../platform/crypto/rotating-token.js';
import { Database, type Transaction } from '../platform/database/database.js';
import type { RememberedDevice, User } from '../platform/database/generated/client.js';
import { notFound } from '../platform/errors/platform.errors.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { decodeIdCursor, toPage, type Page, type PageRequest } from '../platform/http/page.js';
import { deviceNameOf } from '../platform/identity/device-name.js';

/** From the moment of trust; use does not extend it. */
const TRUST_SECONDS = 30 * 24 * 60 * 60;

/** For the cookie. */
export interface DeviceToken {
  readonly token: string;
  readonly maxAgeSeconds: number;
}

/** A remembered device as its owner sees it. */
export interface RememberedDeviceView {
  id: string;
  deviceName: string;
  ipAddress: string;
  createdAt: Date;
  lastUsedAt: Date;
  expiresAt: Date;
}

type DeviceOwner = Pick<User, 'id' | 'organizationId' | 'credentialVersion'>;
type DeviceState = Pick<RememberedDevice, 'id' | 'tokenCounter' | 'expiresAt'>;

/**
 * Browsers that skip the second factor. Bound to the credential version of the account, so that every change of
 * password or factor ends the trust without a word; rotated on use like a refresh token.
 */
@Injectable()
export class RememberedDevicesService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly random: RandomSource,
    private readonly tokenKeys: TokenKeyRing,
    private readonly events: SecurityEvents,
  ) {}

  /** Trusts the browser whose owner has just proved the second factor. */
  async trust(tx: Transaction, user: DeviceOwner, client: ClientContext, now: Date): Promise<DeviceToken> {
    const { id: userId, organizationId, credentialVersion } = user;
    const device = await tx.rememberedDevice.create({
      data: {
        id: this.random.id(),
        organizationId,
        userId,
        credentialVersion,
        deviceName: deviceNameOf(client.userAgent),
        ipAddress: client.ipAddress,
        createdAt: now,
        lastUsedAt: now,
        expiresAt: addSeconds(now, TRUST_SECONDS),
      },
    });
    this.events.record(tx, {
      action: 'remembered_device.trusted',
      organizationId,
      actorId: userId,
      targetId: userId,
      client,
      details: { deviceId: device.id, device: device.deviceName },
    });
    return this.toToken(device, now);
  }

  /**
   * Uses and rotates the cookie of a trusted browser. Within 10 s of a rotation the just-spent token gets the same
   * successor; a token that comes back later was copied, and ends the trust.
   * @returns the next token, or null when the second factor is needed.
   */
  async use(token: string, user: DeviceOwner, client: ClientContext, now: Date): Promise<DeviceToken | null> {
    const content = parseRotatingToken('remembered device', this.tokenKeys, token);
    if (content === null) return null;
    const [rotated] = await this.database.client.rememberedDevice.updateManyAndReturn({
      where: { ...liveDevice(user, now), id: content.id, tokenCounter: content.counter },
      data: { tokenCounter: { increment: 1 }, rotatedAt: now, lastUsedAt: now, ipAddress: client.ipAddress },
    });
    if (rotated) return this.toToken(rotated, now);
    const current = await this.database.client.rememberedDevice.findFirst({
      where: { ...liveDevice(user, now), id: content.id },
    });
    if (current === null) return null;
    if (isJustSpent(content, { counter: current.tokenCounter, rotatedAt: current.rotatedAt }, now))
      return this.toToken(current, now);
    if (content.counter < current.tokenCounter) await this.forgetStolen(current, client);
    return null;
  }

  /** The caller's remembered devices, newest first. */
  async list(principal: Principal, page: PageRequest): Promise<Page<RememberedDeviceView>> {
    const before = decodeIdCursor(page.cursor);
    const owner = await this.getOwner(principal);
    const rows = await this.database.client.rememberedDevice.findMany({
      where: { ...liveDevice(owner, this.clock.now()), ...(before !== undefined && { id: { lt: before } }) },
      orderBy: { id: 'desc' },
      take: page.limit + 1,
    });
    return toPage(rows, page.limit, (row) => [row.id], toView);
  }

  /** Forgets one device. @throws NOT_FOUND when it is not the caller's, or forgotten already. */
  async revoke(principal: Principal, id: string, client: ClientContext): Promise<void> {
    const revoked = await this.remove(principal, client, id);
    if (revoked === 0) throw notFound();
  }

  /** Forgets all devices. @returns how many. */
  async revokeAll(principal: Principal, client: ClientContext): Promise<number> {
    return this.remove(principal, client);
  }

  private async remove(
    { userId, organizationId }: Principal,
    client: ClientContext,
    id?: string,
  ): Promise<number> {
    return this.database.transaction(async (tx) => {
      const { count } = await tx.rememberedDevice.deleteMany({ where: { id, userId, organizationId } });
      if (count === 0) return 0;
      this.events.record(tx, {
        action: 'remembered_device.revoked',
        organizationId,
        actorId: userId,
        targetId: userId,
        client,
        details: { revoked: count, deviceId: id ?? null },
      });
      return count;
    });
  }

  private async forgetStolen(device: RememberedDevice, client: ClientContext): Promise<void> {
    const { id, organizationId, userId } = device;
    await this.database.transaction(async (tx) => {
      const { count } = await tx.rememberedDevice.deleteMany({ where: { id, organizationId } });
      if (count === 0) return;
      this.events.record(tx, {
        action: 'remembered_device.token_reused',
        organizationId,
        targetId: userId,
        client,
        details: { deviceId: id },
      });
    });
  }

  private async getOwner({ userId: id, organizationId }: Principal): Promise<DeviceOwner> {
    return this.database.client.user.findFirstOrThrow({
      where: { id, organizationId },
      select: { id: true, organizationId: true, credentialVersion: true },
    });
  }

  private toToken({ id, tokenCounter: counter, expiresAt }: DeviceState, now: Date): DeviceToken {
    const token = createRotatingToken('remembered device', this.tokenKeys.current, { id, counter });
    return { token, maxAgeSeconds: Math.max(1, Math.floor((expiresAt.getTime() - now.getTime()) / 1000)) };
  }
}

/** Trusted under today's credentials, and not for too long. */
function liveDevice({ id: userId, organizationId, credentialVersion }: DeviceOwner, now: Date) {
  return { userId, organizationId, credentialVersion, expiresAt: { gt: now } };
}

function toView(device: RememberedDevice): RememberedDeviceView {
  const { id, deviceName, ipAddress, createdAt, lastUsedAt, expiresAt } = device;
  return { id, deviceName, ipAddress, createdAt, lastUsedAt, expiresAt };
}
