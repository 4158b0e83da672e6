import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { RefusedAttempts } from '../login-attempts/refused-attempts.js';
import { Problem } from '../platform/errors/problem.js';
import { addressBucket } from '../platform/http/client-address.js';
import { knownBrowser, strangerAt, type HashCaller } from '../platform/passwords/hash-caller.js';
import { PasswordHasher } from '../platform/passwords/password-hasher.js';
import { CaptchaService } from './captcha.service.js';
import type { CountedBrowser } from './login-browser.js';
import { LoginLimits, UsedUp, type LoginApplicant, type LoginTicket } from './login-limits.js';

/** While the line is long a refusal waits so long: who comes again at once comes more slowly. */
const REFUSAL_PAUSE_MS = 1000;
/** Refusals that wait at once; what is above is answered without a pause. */
const MAX_PAUSES = 2000;
/** Refusals of one bucket within it are one row of the login audit. */
const AUDIT_WINDOW_SECONDS = 60;

/** A try that may be judged when its turn comes. */
export interface AdmittedLogin extends LoginTicket {
  readonly caller: HashCaller;
}

/** Decides who may try a password, and in which order: before anything is looked up, booked or hashed. */
@Injectable()
export class LoginAdmission {
  private pauses = 0;

  constructor(
    private readonly limits: LoginLimits,
    private readonly captcha: CaptchaService,
    private readonly hasher: PasswordHasher,
    private readonly refused: RefusedAttempts,
  ) {}

  /**
   * Counts the try, asks a stranger for work while the line is long, and runs `judge` when its turn comes.
   * @throws RATE_LIMITED, CAPTCHA_REQUIRED, UNAVAILABLE: nothing was judged, nothing counts, one row tells of it.
   */
  async admit<T>(
    applicant: LoginApplicant,
    browser: CountedBrowser,
    judge: (login: AdmittedLogin) => Promise<T>,
  ): Promise<T> {
    const ticket = await this.refusing(applicant, () => this.limits.enter(applicant, browser));
    return this.refusing(applicant, async () => {
      try {
        const login = await this.placeOf(applicant, ticket);
        return await this.hasher.inTurn(login.caller, () => judge(login));
      } catch (error) {
        if (isRefusal(error)) await ticket.giveBack();
        throw error;
      }
    });
  }

  /** Who the try is for the line. @throws CAPTCHA_REQUIRED for a stranger without work while the line is long. */
  private async placeOf(
    { knownDeviceId, altcha, client: { ipAddress } }: LoginApplicant,
    ticket: LoginTicket,
  ): Promise<AdmittedLogin> {
    if (knownDeviceId !== null) return { ...ticket, caller: knownBrowser(knownDeviceId) };
    let { hasWorked } = ticket;
    if (!hasWorked && this.captcha.isDueInCrowds && this.hasher.isCrowded) {
      await this.captcha.spend(altcha);
      hasWorked = true;
    }
    return { ...ticket, hasWorked, caller: strangerAt(ipAddress, hasWorked) };
  }

  /** Records what is refused, and lets a flood wait for its answers. */
  private async refusing<T>(applicant: LoginApplicant, decide: () => Promise<T>): Promise<T> {
    try {
      return await decide();
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await this.note(applicant, error);
      if (applicant.knownDeviceId === null && this.hasher.isCrowded) await this.pause();
      throw error;
    }
  }

  /** One row per counter that is used up; else per address, or per browser that has a lane of its own. */
  private async note(
    { email, knownDeviceId, client }: LoginApplicant,
    { code, cause }: Problem,
  ): Promise<void> {
    const reason = code === 'CAPTCHA_REQUIRED' ? 'captcha_required' : 'rate_limited';
    const who = cause instanceof UsedUp ? cause.bucket : (knownDeviceId ?? addressBucket(client.ipAddress));
    await this.refused.note({
      bucket: `${reason} ${who}`,
      windowSeconds: AUDIT_WINDOW_SECONDS,
      email,
      reason,
      client,
    });
  }

  private async pause(): Promise<void> {
    if (this.pauses >= MAX_PAUSES) return;
    this.pauses += 1;
    await delay(REFUSAL_PAUSE_MS, undefined, { ref: false });
    this.pauses -= 1;
  }
}

const REFUSALS = ['RATE_LIMITED', 'CAPTCHA_REQUIRED', 'UNAVAILABLE'];

function isRefusal(error: unknown): error is Problem {
  return error instanceof Problem && REFUSALS.includes(error.code);
}
