import { generateSync } from 'otplib';

/** The code of `secondsAgo`, by the real clock. */
export function totpOf(secret: string, secondsAgo = 0): string {
  return generateSync({ secret, epoch: Math.floor(Date.now() / 1000) - secondsAgo });
}
