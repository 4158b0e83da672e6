import { generateURI, ScureBase32Plugin, verifySync } from 'otplib';
import { toEpochSeconds } from '../platform/clock/clock.js';
import type { RandomSource } from '../platform/crypto/random-source.js';

/** Length of a time step (RFC 6238 §4.1, X). */
const PERIOD_SECONDS = 30;
/** 160 bits, the length of SHA-1's output (RFC 4226 §4, R6). */
const SECRET_BYTES = 20;

/** A fresh shared secret in base32, as authenticator apps take it: 32 characters. */
export function createTotpSecret(random: RandomSource): string {
  return new ScureBase32Plugin().encode(random.bytes(SECRET_BYTES), { padding: false });
}

/**
 * The `otpauth` address that the QR code holds; issuer and account are percent-encoded (Key URI format). A colon parts
 * the two, escaped or not, so neither may hold one: apps would show a cut name.
 */
export function otpauthUrl(issuer: string, account: string, secret: string): string {
  return generateURI({
    issuer: issuer.replaceAll(':', '-'),
    label: account.replaceAll(':', '-'),
    secret,
  });
}

/**
 * Finds the time step a code belongs to. The current step and the one before it pass, for slow fingers and slow clocks
 * (RFC 6238 §5.2); server time alone counts (ASVS V6.5.8).
 * @param secret base32; null: none that can be read, to which no code belongs.
 * @param code six ASCII digits, leading zeros kept.
 * @returns whole 30 s periods since the Unix epoch, or null. Says nothing yet about the step being unused.
 */
export function findTimeStep(secret: string | null, code: string, now: Date): number | null {
  if (secret === null) return null;
  const result = verifySync({
    secret,
    token: code,
    epoch: toEpochSeconds(now),
    epochTolerance: [PERIOD_SECONDS, 0],
  });
  return result.valid && 'timeStep' in result ? result.timeStep : null;
}
