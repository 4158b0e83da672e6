/** What the code does not say of a route by itself. */
export interface Operation {
  readonly tag: string;
  readonly summary: string;
  /** Name in `SCHEMAS`; null: no body; for other types the media type. */
  readonly answer: string | null | { readonly mediaType: string };
  readonly status?: number;
  /** A second status with the same body. */
  readonly alsoStatus?: number;
  /** Codes beside those that follow from the declarations. */
  readonly codes?: readonly string[];
  /** A body to begin with. */
  readonly example?: object;
  /** Proofs other than an access token or a service key. */
  readonly proof?: 'refreshCookie' | 'refreshCookieOrToken' | 'metricsToken' | 'signature';
}

const EMAIL = 'siti@example.com';
const PASSWORD = 'Kuda-lepas7 meja hijau';
const CHALLENGE = 'q0Jm2mWZbYkR0o4qkq8yQm3sWw8m1b9n3M0kq6n1y2c';
const UUID = '01a1fac7-20e5-74ae-82b5-f30f3c0a6262';
const MOVEMENT = { amount: 5, reason: 'October', idempotencyKey: 'invoice-4711' };

/** One entry per route; a test compares it with the routes there are. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  'POST /auth/register': {
    tag: 'Sign-in',
    summary: 'Create an organization and its first administrator',
    answer: 'Accepted',
    status: 202,
    codes: ['REGISTRATION_CLOSED', 'PASSWORD_REFUSED'],
    example: { email: EMAIL, password: PASSWORD, name: 'Siti', organizationName: 'Toko Laut' },
  },
  'POST /auth/login': {
    tag: 'Sign-in',
    summary: 'Sign in',
    answer: 'LoginResult',
    codes: ['INVALID_CREDENTIALS', 'CAPTCHA_REQUIRED', 'CSRF_REFUSED'],
    example: { email: EMAIL, password: PASSWORD },
  },
  'POST /auth/two-factor': {
    tag: 'Sign-in',
    summary: 'Prove the second factor',
    answer: 'LoginResult',
    codes: ['CHALLENGE_REFUSED', 'TWO_FACTOR_CODE_REFUSED', 'INVALID_CREDENTIALS'],
    example: { challengeToken: CHALLENGE, code: '492039', rememberDevice: true },
  },
  'POST /auth/password-change': {
    tag: 'Sign-in',
    summary: 'Choose a password after a temporary one',
    answer: 'LoginResult',
    codes: ['CHALLENGE_REFUSED', 'PASSWORD_REFUSED', 'INVALID_CREDENTIALS'],
    example: { challengeToken: CHALLENGE, newPassword: PASSWORD },
  },
  'POST /auth/refresh': {
    tag: 'Sign-in',
    summary: 'Get a new access token and rotate the refresh cookie',
    answer: 'AccessToken',
    codes: ['UNAUTHENTICATED', 'SESSION_ENDED', 'CSRF_REFUSED'],
    proof: 'refreshCookie',
  },
  'POST /auth/logout': {
    tag: 'Sign-in',
    summary: 'End the session; again is fine',
    answer: null,
    codes: ['UNAUTHENTICATED', 'CSRF_REFUSED'],
    proof: 'refreshCookieOrToken',
  },
  'POST /auth/forgot-password': {
    tag: 'Sign-in',
    summary: 'Ask the administrators for help; the same answer for every address',
    answer: 'Accepted',
    status: 202,
    example: { email: EMAIL },
  },
  'POST /auth/change-password': {
    tag: 'Sign-in',
    summary: 'Change one’s own password; other sessions end',
    answer: null,
    codes: ['INVALID_CREDENTIALS', 'PASSWORD_REFUSED', 'SESSION_ENDED', 'CONFLICT'],
    example: { currentPassword: PASSWORD, newPassword: 'Meja-hijau3 kuda tenang' },
  },
  'POST /auth/step-up': {
    tag: 'Sign-in',
    summary: 'Prove oneself again, for ten minutes',
    answer: 'AccessToken',
    codes: ['INVALID_CREDENTIALS', 'TWO_FACTOR_CODE_REFUSED', 'TWO_FACTOR_NOT_ENABLED'],
    example: { password: PASSWORD },
  },
  'GET /auth/captcha': {
    tag: 'Sign-in',
    summary: 'A challenge for the ALTCHA widget',
    answer: 'CaptchaChallenge',
  },
  'GET /.well-known/jwks.json': { tag: 'Sign-in', summary: 'Public keys of access tokens', answer: 'JwkSet' },

  'GET /users/me': { tag: 'Users', summary: 'One’s own account', answer: 'OwnUser' },
  'PATCH /users/me': {
    tag: 'Users',
    summary: 'Change one’s own name or language',
    answer: 'OwnUser',
    example: { name: 'Siti', locale: 'id' },
  },
  'GET /users/me/login-attempts': { tag: 'Users', summary: 'One’s own sign-ins', answer: 'LoginAttemptPage' },
  'GET /users/me/token-balance': {
    tag: 'Users',
    summary: 'Movements of one’s own tokens',
    answer: 'BalanceEntryPage',
  },
  'GET /users': { tag: 'Users', summary: 'Accounts of the organization', answer: 'UserPage' },
  'POST /users': {
    tag: 'Users',
    summary: 'Create an account, which has no password yet',
    answer: 'User',
    status: 201,
    codes: ['CONFLICT'],
    example: { email: EMAIL, name: 'Siti', role: 'USER' },
  },
  'GET /users/:id': { tag: 'Users', summary: 'An account', answer: 'User', codes: ['FORBIDDEN'] },
  'PATCH /users/:id': {
    tag: 'Users',
    summary: 'Change name, role, status or password',
    answer: 'User',
    codes: ['LAST_ADMIN', 'PASSWORD_REFUSED', 'CONFLICT'],
    example: { role: 'ADMIN' },
  },
  'DELETE /users/:id': {
    tag: 'Users',
    summary: 'Delete an account; its trail remains',
    answer: null,
    codes: ['LAST_ADMIN'],
  },
  'POST /users/:id/unlock': { tag: 'Users', summary: 'End a lockout', answer: null },
  'DELETE /users/:id/sessions': {
    tag: 'Users',
    summary: 'End all sessions of an account',
    answer: 'Revoked',
  },
  'DELETE /users/:id/two-factor': { tag: 'Users', summary: 'Remove a lost second factor', answer: null },
  'GET /users/:id/token-balance': {
    tag: 'Users',
    summary: 'Movements of tokens',
    answer: 'BalanceEntryPage',
  },
  'POST /users/:id/token-balance': {
    tag: 'Users',
    summary: 'Credit tokens',
    answer: 'Balance',
    codes: ['CONFLICT'],
    example: MOVEMENT,
  },

  'GET /admin/password-resets': {
    tag: 'Administration',
    summary: 'Who asked for help, oldest first',
    answer: 'PasswordResetPage',
  },
  'POST /admin/password-resets/:userId/temporary-password': {
    tag: 'Administration',
    summary: 'Issue a temporary password, shown once',
    answer: 'TemporaryPassword',
    status: 201,
    codes: ['CONFLICT'],
    example: { replace: true },
  },
  'DELETE /admin/password-resets/:userId': {
    tag: 'Administration',
    summary: 'Dismiss a request',
    answer: null,
    example: { reason: 'They called.' },
  },
  'GET /admin/blocked-addresses': {
    tag: 'Administration',
    summary: 'Addresses whose webhooks are refused',
    answer: 'BlockedAddressPage',
  },
  'POST /admin/blocked-addresses': {
    tag: 'Administration',
    summary: 'Refuse the webhooks of an address for a while',
    answer: 'BlockedAddress',
    status: 201,
    example: { address: '203.0.113.0/24', seconds: 86_400, reason: 'Floods us.' },
  },
  'DELETE /admin/blocked-addresses/:id': {
    tag: 'Administration',
    summary: 'Let an address through again',
    answer: null,
  },

  'GET /sessions': { tag: 'Sessions', summary: 'One’s own live sessions', answer: 'SessionPage' },
  'DELETE /sessions/:id': { tag: 'Sessions', summary: 'End one of them', answer: null },
  'DELETE /sessions': { tag: 'Sessions', summary: 'End the others, or all', answer: 'Revoked' },

  'GET /two-factor': { tag: 'Second factor', summary: 'Whether it is enabled', answer: 'TwoFactorStatus' },
  'POST /two-factor/setup': {
    tag: 'Second factor',
    summary: 'Begin: secret and QR code; on a proof by the factor that is enabled',
    answer: 'TwoFactorSetup',
    codes: ['CHALLENGE_REFUSED', 'TWO_FACTOR_CODE_REFUSED', 'TWO_FACTOR_NOT_ENABLED'],
    example: {},
  },
  'POST /two-factor/enable': {
    tag: 'Second factor',
    summary: 'Confirm with a code; backup codes are shown once',
    answer: 'TwoFactorEnabled',
    codes: ['TWO_FACTOR_NOT_ENABLED', 'TWO_FACTOR_CODE_REFUSED', 'CONFLICT', 'CHALLENGE_REFUSED'],
    example: { code: '492039' },
  },
  'POST /two-factor/disable': {
    tag: 'Second factor',
    summary: 'Disable with a code',
    answer: null,
    codes: ['TWO_FACTOR_NOT_ENABLED', 'TWO_FACTOR_CODE_REFUSED', 'FORBIDDEN'],
    example: { code: '492039' },
  },
  'POST /two-factor/backup-codes': {
    tag: 'Second factor',
    summary: 'A fresh set of backup codes',
    answer: 'BackupCodes',
    codes: ['TWO_FACTOR_NOT_ENABLED', 'TWO_FACTOR_CODE_REFUSED'],
    example: { code: '492039' },
  },
  'GET /two-factor/devices': {
    tag: 'Second factor',
    summary: 'Remembered browsers',
    answer: 'RememberedDevicePage',
  },
  'DELETE /two-factor/devices/:id': { tag: 'Second factor', summary: 'Forget one', answer: null },
  'DELETE /two-factor/devices': { tag: 'Second factor', summary: 'Forget all', answer: 'Revoked' },

  'GET /integrations': { tag: 'Integrations', summary: 'Connected platforms', answer: 'IntegrationPage' },
  'POST /integrations': {
    tag: 'Integrations',
    summary: 'Connect a platform; secrets are never shown again',
    answer: 'Integration',
    status: 201,
    example: { provider: 'TIKTOK_SHOP', label: 'Toko Laut', accessToken: 'act.example' },
  },
  'GET /integrations/:id': { tag: 'Integrations', summary: 'One of them', answer: 'Integration' },
  'PATCH /integrations/:id': {
    tag: 'Integrations',
    summary: 'Change it; a new webhook secret leaves the old one working for a while',
    answer: 'Integration',
    example: { label: 'Toko Laut Dua', status: 'ACTIVE' },
  },
  'DELETE /integrations/:id': {
    tag: 'Integrations',
    summary: 'Remove it with all its secrets',
    answer: null,
  },
  'POST /webhooks/:integrationId': {
    tag: 'Webhooks',
    summary: 'What a platform pushes',
    answer: 'Receipt',
    codes: ['MALFORMED_BODY', 'UNAUTHENTICATED', 'PAYLOAD_TOO_LARGE'],
    proof: 'signature',
  },
  'GET /integrations/:id/webhook-events': {
    tag: 'Webhooks',
    summary: 'Received events, without payload',
    answer: 'WebhookEventPage',
  },
  'POST /integrations/:id/webhook-events/:eventId/replay': {
    tag: 'Webhooks',
    summary: 'Deliver an event to the services again',
    answer: null,
  },
  'GET /integrations/:id/webhook-failures': {
    tag: 'Webhooks',
    summary: 'Refusals of the last day',
    answer: 'WebhookFailurePage',
  },
  'GET /integrations/:id/imports': { tag: 'Workbooks', summary: 'Uploaded workbooks', answer: 'ImportPage' },
  'POST /integrations/:id/imports': {
    tag: 'Workbooks',
    summary: 'Upload an .xlsx; 202 while it is still being read',
    answer: 'Import',
    status: 201,
    alsoStatus: 202,
    codes: [
      'FILE_REFUSED',
      'QUOTA_EXCEEDED',
      'MALFORMED_BODY',
      'PAYLOAD_TOO_LARGE',
      'UNSUPPORTED_MEDIA_TYPE',
      'VALIDATION_FAILED',
    ],
  },
  'GET /integrations/:id/imports/:importId': {
    tag: 'Workbooks',
    summary: 'How far one is',
    answer: 'Import',
  },
  'GET /integrations/:id/imports/:importId/rows': {
    tag: 'Workbooks',
    summary: 'Its rows as text',
    answer: 'ImportRowPage',
    codes: ['CONFLICT'],
  },
  'GET /integrations/:id/imports/:importId/file': {
    tag: 'Workbooks',
    summary: 'The file as it came, as a download',
    answer: { mediaType: 'application/octet-stream' },
    codes: ['CONFLICT'],
  },
  'DELETE /integrations/:id/imports/:importId': {
    tag: 'Workbooks',
    summary: 'Delete it',
    answer: null,
    codes: ['FORBIDDEN'],
  },

  'GET /service-keys': { tag: 'Service keys', summary: 'Keys of services', answer: 'ServiceKeyPage' },
  'POST /service-keys': {
    tag: 'Service keys',
    summary: 'Make a key, shown once',
    answer: 'CreatedServiceKey',
    status: 201,
    example: { name: 'Settlement', scopes: ['credentials:read'], allowedIps: ['10.0.0.0/8'] },
  },
  'DELETE /service-keys/:id': { tag: 'Service keys', summary: 'End a key at once', answer: null },
  'POST /internal/tokens/introspect': {
    tag: 'Internal',
    summary: 'Whether an access token is live (RFC 7662)',
    answer: 'Introspection',
    example: { token: 'eyJ…' },
  },
  'GET /internal/integrations/:id/credentials': {
    tag: 'Internal',
    summary: 'The secrets of a platform; each read leaves a trace',
    answer: 'Credentials',
    codes: ['CONFLICT'],
  },
  'GET /internal/webhook-events': {
    tag: 'Internal',
    summary: 'Events not yet acknowledged, oldest first',
    answer: 'DeliveredEventPage',
    codes: ['NOT_FOUND'],
  },
  'POST /internal/webhook-events/acknowledge': {
    tag: 'Internal',
    summary: 'Take events over',
    answer: 'Acknowledged',
    example: { ids: [UUID] },
  },
  'POST /internal/users/:id/token-balance/debit': {
    tag: 'Internal',
    summary: 'Debit tokens',
    answer: 'Balance',
    codes: ['BALANCE_TOO_LOW', 'CONFLICT'],
    example: MOVEMENT,
  },

  'GET /audit/login-attempts': { tag: 'Audit', summary: 'Every try to sign in', answer: 'LoginAttemptPage' },
  'GET /audit/login-attempts.csv': {
    tag: 'Audit',
    summary: 'The same as a file',
    answer: { mediaType: 'text/csv' },
  },
  'GET /audit/events': {
    tag: 'Audit',
    summary: 'The chained trail of security events',
    answer: 'SecurityEventPage',
  },
  'GET /audit/alerts': { tag: 'Audit', summary: 'What somebody should look at', answer: 'AlertPage' },
  'POST /audit/alerts/:id/acknowledge': { tag: 'Audit', summary: 'Take note of an alert', answer: 'Alert' },

  'GET /health/live': { tag: 'Operation', summary: 'Whether the process answers', answer: 'Live' },
  'GET /health/ready': { tag: 'Operation', summary: 'Whether requests can be served', answer: 'Ready' },
  'GET /metrics': {
    tag: 'Operation',
    summary: 'Prometheus text',
    answer: { mediaType: 'text/plain' },
    codes: ['UNAUTHENTICATED', 'NOT_FOUND'],
    proof: 'metricsToken',
  },
  'GET /docs': {
    tag: 'Operation',
    summary: 'This description for people',
    answer: { mediaType: 'text/html' },
    codes: ['NOT_FOUND'],
  },
  'GET /docs/openapi.json': {
    tag: 'Operation',
    summary: 'This description',
    answer: { mediaType: 'application/json' },
    codes: ['NOT_FOUND'],
  },
  'GET /docs/style.css': {
    tag: 'Operation',
    summary: 'The looks of it',
    answer: { mediaType: 'text/css' },
    codes: ['NOT_FOUND'],
  },
};
