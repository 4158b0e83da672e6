import { Injectable } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import type { Rate } from '../platform/config/environment-reader.js';
import { rateLimited } from '../platform/errors/platform.errors.js';
import { addressBucket } from '../platform/http/client-address.js';
import type { ClientContext } from '../platform/http/client-context.js';
import type { CounterRecord } from '../platform/limits/counters.js';
import { LimitsService } from '../platform/limits/limits.service.js';
import { CaptchaService } from './captcha.service.js';
import type { CountedBrowser } from './login-browser.js';

/** Tries that a solved proof of work opens when the limits of an address or email are used up (contract §2). */
const WORKED: Rate = { requests: 5, seconds: 60 };

/** Who wants to try a password. */
export interface LoginApplicant {
  /** Canonical. */
  readonly email: string;
  /** Id of a browser that the owner of the address has used before; null: a stranger's. */
  readonly knownDeviceId: string | null;
  /** Solution of a proof of work, if one was sent. */
  readonly altcha: string | undefined;
  readonly client: ClientContext;
}

/** A try that was let in, and what was counted for it. */
export interface LoginTicket {
  /** A proof of work was spent for it. */
  readonly hasWorked: boolean;
  /** The password was right: neither this try nor earlier ones of the same lane count any longer. */
  forgive(): Promise<void>;
  /** Nothing was judged: the try does not count. */
  giveBack(): Promise<void>;
}

/** Why a try was not let in: the counter that is used up, by its name.. */
export class UsedUp {
  constructor(readonly bucket: string) {}
}

/** A counter of tries. */
interface Bucket {
  readonly rule: 'LOGIN_IP' | 'LOGIN_EMAIL' | 'LOGIN_WORKED' | 'LOGIN_OWN';
  readonly key: string;
  readonly rate: Rate;
}

/**
 * Counts tries to sign in, before anything costly is done. Only judged tries count, so each is counted first and given
 * back when it turns out right, or is not judged at all. A known browser counts for itself alone: neither strangers nor
 * colleagues behind the same address use up its tries. A stranger counts for the address and for the email; when those are
 * used up, a proof of work opens a few tries for this address and email.
 */
@Injectable()
export class LoginLimits {
  constructor(
    private readonly config: Config,
    private readonly limits: LimitsService,
    private readonly captcha: CaptchaService,
  ) {}

  /** @throws RATE_LIMITED, with `captcha: true` where work helps; CAPTCHA_REQUIRED when the work sent along is not valid. */
  async enter(applicant: LoginApplicant, browser: CountedBrowser): Promise<LoginTicket> {
    const buckets = this.bucketsOf(applicant);
    const counts = await Promise.all(buckets.map(({ rule, key, rate }) => this.limits.take(rule, key, rate)));
    buckets.forEach(({ rule, rate }, at) => {
      if (rule !== 'LOGIN_OWN') browser.showLimit(rule, rate, counts[at]!);
    });
    const taken = buckets.filter((_, at) => !counts[at]!.isBlocked);
    const refusals = counts.filter(({ isBlocked }) => isBlocked);
    if (refusals.length === 0) return this.ticketOf(taken, false);
    await this.giveBack(taken, 1);
    const usedUp = buckets.find((_, at) => counts[at]!.isBlocked)!;
    return this.enterByWork(applicant, refusals, `${usedUp.rule} ${usedUp.key}`);
  }

  private async enterByWork(
    { email, knownDeviceId, altcha, client }: LoginApplicant,
    refusals: readonly CounterRecord[],
    usedUp: string,
  ): Promise<LoginTicket> {
    const retryAfterSeconds = Math.max(...refusals.map(({ timeToBlockExpire }) => timeToBlockExpire));
    // Its own tries alone have used up the lane of a known browser.
    if (knownDeviceId !== null) throw rateLimited({ retryAfterSeconds, cause: new UsedUp(usedUp) });
    const bucket: Bucket = { rule: 'LOGIN_WORKED', key: pairOf(email, client), rate: WORKED };
    const isOpen = (await this.limits.read(bucket.rule, bucket.key)) > 0;
    if (altcha === undefined && !isOpen)
      throw rateLimited({ retryAfterSeconds, captcha: true, cause: new UsedUp(usedUp) });
    if (altcha !== undefined) await this.captcha.spend(altcha);
    const { isBlocked, timeToBlockExpire } = await this.limits.take(bucket.rule, bucket.key, bucket.rate);
    if (isBlocked) throw rateLimited({ retryAfterSeconds: timeToBlockExpire, cause: new UsedUp(usedUp) });
    return this.ticketOf([bucket], altcha !== undefined);
  }

  private bucketsOf({ email, knownDeviceId, client }: LoginApplicant): Bucket[] {
    const { LOGIN_IP, LOGIN_EMAIL } = this.config.limits;
    if (knownDeviceId !== null)
      return [{ rule: 'LOGIN_EMAIL', key: `${email} ${knownDeviceId}`, rate: LOGIN_EMAIL }];
    return [
      { rule: 'LOGIN_IP', key: addressBucket(client.ipAddress), rate: LOGIN_IP },
      { rule: 'LOGIN_EMAIL', key: email, rate: LOGIN_EMAIL },
      // What of the two is this address's own doing with this email.
      {
        rule: 'LOGIN_OWN',
        key: pairOf(email, client),
        rate: { requests: Number.MAX_SAFE_INTEGER, seconds: LOGIN_IP.seconds },
      },
    ];
  }

  private ticketOf(taken: readonly Bucket[], hasWorked: boolean): LoginTicket {
    return {
      hasWorked,
      forgive: async () => {
        const own = taken.find(({ rule }) => rule === 'LOGIN_OWN') ?? taken[0]!;
        const hits = await this.limits.read(own.rule, own.key);
        // One that worked leaves its lane open for the rest of the minute.
        await this.giveBack(taken, own.rule === 'LOGIN_WORKED' ? 1 : hits);
      },
      giveBack: () => this.giveBack(taken, 1),
    };
  }

  private async giveBack(buckets: readonly Bucket[], hits: number): Promise<void> {
    await Promise.all(buckets.map(({ rule, key }) => this.limits.giveBack(rule, key, hits)));
  }
}

function pairOf(email: string, { ipAddress }: ClientContext): string {
  return `${addressBucket(ipAddress)} ${email}`;
}
