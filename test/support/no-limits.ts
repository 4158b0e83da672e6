/** Limits out of the way: tests try more often than any person. */
export const NO_LIMITS: Record<string, string> = Object.fromEntries(
  ['LOGIN_IP', 'LOGIN_EMAIL', 'REGISTER', 'FORGOT_PASSWORD', 'GLOBAL'].map((rule) => [
    `RATE_LIMIT_${rule}`,
    '100000/60',
  ]),
);
