import { generateSync } from 'otplib';
import type { Response } from 'supertest';
import { addSeconds } from '../../src/platform/clock/clock.js';
import { sha256 } from '../../src/platform/crypto/digest.js';
import { RandomSource } from '../../src/platform/crypto/random-source.js';
import type { TestApp } from '../support/test-app.js';
import type { TestClient } from '../support/test-client.js';
import { aPerson, signIn, type Person, type SignedIn } from './people.js';

/** An account with an enabled second factor. */
export interface EnrolledPerson extends Person {
  readonly secret: string;
  readonly backupCodes: string[];
  /** The code that an authenticator shows now, or `steps` periods of 30 s from now. */
  codeNow(steps?: number): string;
}

/**
 * Enrols a person through the API and moves the clock past the confirming code.
 * @param proof what proves the factor that is to be replaced, if there is one.
 */
export async function enrol(
  test: TestApp,
  person: SignedIn,
  proof?: { code: string } | { backupCode: string },
): Promise<EnrolledPerson> {
  const { secret } = (await person.client.post('/two-factor/setup', proof)).body as { secret: string };
  const codeNow = (steps = 0) =>
    generateSync({ secret, epoch: Math.floor(test.clock.now().getTime() / 1000) + steps * 30 });
  const enabled = await person.client.post('/two-factor/enable', { code: codeNow() });
  if (enabled.status !== 200) throw new Error(`enrolment failed: ${JSON.stringify(enabled.body)}`);
  test.clock.advanceSeconds(30);
  const { backupCodes } = enabled.body as { backupCodes: string[] };
  return { ...person, secret, backupCodes, codeNow };
}

/** A fresh account that is enrolled. */
export async function anEnrolledPerson(
  test: TestApp,
  overrides: Parameters<typeof aPerson>[1] = {},
): Promise<EnrolledPerson & SignedIn> {
  const person = await signIn(test, await aPerson(test, overrides));
  return { ...person, ...(await enrol(test, person)) };
}

/** Proves the password on a new browser and returns it with the challenge that waits for the factor. */
export async function challenged(test: TestApp, person: Person) {
  const client = test.client();
  const { body } = await client.login(person);
  if (body.status !== 'two_factor_required') throw new Error(`no challenge: ${JSON.stringify(body)}`);
  return { client, challengeToken: body.challengeToken as string };
}

/**
 * Opens challenges of a person without proving the password for each (argon2 is slow on purpose).
 * @returns their tokens.
 */
export async function openChallenges(
  { app, clock, database }: TestApp,
  { id: userId, organizationId }: Person,
  count: number,
): Promise<string[]> {
  const random = app.get(RandomSource);
  const { credentialVersion } = await database.client.user.findUniqueOrThrow({ where: { id: userId } });
  const tokens = Array.from({ length: count }, () => random.bytes(32).toString('base64url'));
  await database.client.challenge.createMany({
    data: tokens.map((token) => ({
      id: random.id(),
      organizationId,
      userId,
      purpose: 'TWO_FACTOR' as const,
      tokenHash: Uint8Array.from(sha256(token)),
      credentialVersion,
      amr: ['pwd'],
      createdAt: clock.now(),
      expiresAt: addSeconds(clock.now(), 300),
    })),
  });
  return tokens;
}

/** One open challenge. */
export async function openChallenge(test: TestApp, person: Person): Promise<string> {
  const [token] = await openChallenges(test, person, 1);
  return token!;
}

/** Answers a challenge, from a browser of its own unless one is given; remembers the access token. */
export async function prove(
  test: TestApp,
  proof: { challengeToken: string; code?: unknown; backupCode?: unknown; rememberDevice?: boolean },
  client = test.client(),
): Promise<Response> {
  const response = await client.post('/auth/two-factor', proof);
  client.accessToken = (response.body as { accessToken?: string }).accessToken ?? client.accessToken;
  return response;
}

/** Signs in with a fresh code, for which the clock moves one step; `rememberDevice` makes the browser trusted. */
export async function signInWithCode(
  test: TestApp,
  person: EnrolledPerson,
  { rememberDevice = false, client = test.client() } = {},
): Promise<TestClient> {
  test.clock.advanceSeconds(30);
  const challengeToken = await openChallenge(test, person);
  const response = await prove(test, { challengeToken, code: person.codeNow(), rememberDevice }, client);
  if (response.body.status !== 'authenticated')
    throw new Error(`sign-in failed: ${JSON.stringify(response.body)}`);
  return client;
}

/** A code that no step around now has. */
export function wrongCode(person: EnrolledPerson): string {
  const near = [-2, -1, 0, 1, 2].map((steps) => person.codeNow(steps));
  return ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !near.includes(code))!;
}

/** The row of a person's factor. */
export function factorOf({ database }: TestApp, { id: userId }: Person) {
  return database.client.totpFactor.findUniqueOrThrow({ where: { userId } });
}

/** Forgets the failures so far, so that a test may go on without the lock. */
export async function forgetFailures({ database }: TestApp, { id: userId }: Person): Promise<void> {
  await database.client.totpFactor.updateMany({
    where: { userId },
    data: { failedAttemptCount: 0, failureWindowEndsAt: null, lockedUntil: null },
  });
}

/** How many sessions a person has begun, ended ones included. */
export function sessionsOf({ database }: TestApp, { id: userId }: Person): Promise<number> {
  return database.client.session.count({ where: { userId } });
}

/** How often an act was recorded about a person. */
export function eventsOf({ database }: TestApp, action: string, { id: targetId }: Person): Promise<number> {
  return database.client.securityEvent.count({ where: { action, targetId } });
}
