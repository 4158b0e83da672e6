/** Limits out of the way: tests of the second factor try more often than any person. */
export const NO_LIMITS: Record<string, string> = Object.fromEntries(
  ['LOGIN_IP', 'LOGIN_EMAIL', 'GLOBAL'].map((rule) => [`RATE_LIMIT_${rule}`, '100000/60']),
);
