import type { Challenge, Solution } from 'altcha-lib';

/** What the ALTCHA widget sends: the challenge it got and what it found. */
export interface CaptchaPayload {
  readonly challenge: Challenge & { signature: string };
  readonly solution: Solution;
}

const MAX_LENGTH = 4096;

/** Reads the widget's base64 of JSON; says nothing yet about it being genuine. @returns null for any other text. */
export function parseCaptchaPayload(text: string): CaptchaPayload | null {
  if (text.length > MAX_LENGTH || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
    return isPayload(value) ? value : null;
  } catch {
    return null;
  }
}

function isPayload(value: unknown): value is CaptchaPayload {
  const { challenge, solution } = asRecord(value);
  const { parameters, signature } = asRecord(challenge);
  const { algorithm, nonce, salt, keyPrefix, cost, keyLength, expiresAt } = asRecord(parameters);
  const { counter, derivedKey } = asRecord(solution);
  return (
    [signature, nonce, salt, keyPrefix, derivedKey].every((text) => typeof text === 'string') &&
    [cost, keyLength, expiresAt, counter].every((number) => Number.isSafeInteger(number)) &&
    algorithm === 'SHA-256'
  );
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
