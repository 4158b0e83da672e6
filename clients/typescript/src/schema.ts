/** Made by `npm run client` from /docs/openapi.json; not to be edited. */
export interface paths {
  '/.well-known/jwks.json': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Public keys of access tokens
     * @description Needs: public keys.
     */
    get: operations['getWellKnownJwksJson'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/blocked-addresses': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Addresses whose webhooks are refused
     * @description Administrators.
     */
    get: operations['getAdminBlockedAddresses'];
    put?: never;
    /**
     * Refuse the webhooks of an address for a while
     * @description Administrators.
     */
    post: operations['postAdminBlockedAddresses'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/blocked-addresses/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /**
     * Let an address through again
     * @description Administrators.
     */
    delete: operations['deleteAdminBlockedAddressesId'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/password-resets': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Who asked for help, oldest first
     * @description Administrators.
     */
    get: operations['getAdminPasswordResets'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/password-resets/{userId}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /**
     * Dismiss a request
     * @description Administrators.
     */
    delete: operations['deleteAdminPasswordResetsUserId'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/admin/password-resets/{userId}/temporary-password': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Issue a temporary password, shown once
     * @description Administrators. Needs a proof of identity within the last ten minutes.
     */
    post: operations['postAdminPasswordResetsUserIdTemporaryPassword'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/audit/alerts': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * What somebody should look at
     * @description Administrators.
     */
    get: operations['getAuditAlerts'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/audit/alerts/{id}/acknowledge': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Take note of an alert
     * @description Administrators.
     */
    post: operations['postAuditAlertsIdAcknowledge'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/audit/events': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * The chained trail of security events
     * @description Administrators.
     */
    get: operations['getAuditEvents'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/audit/login-attempts': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Every try to sign in
     * @description Administrators.
     */
    get: operations['getAuditLoginAttempts'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/audit/login-attempts.csv': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * The same as a file
     * @description Administrators.
     */
    get: operations['getAuditLoginAttemptsCsv'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/auth/captcha': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * A challenge for the ALTCHA widget
     * @description Needs: anyone.
     */
    get: operations['getAuthCaptcha'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/auth/change-password': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Change one’s own password; other sessions end
     * @description Any signed-in person.
     */
    post: operations['postAuthChangePassword'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/auth/forgot-password': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Ask the administrators for help; the same answer for every address
     * @description Needs: anyone.
     */
    post: operations['postAuthForgotPassword'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/auth/login': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Sign in
     * @description Needs: anyone.
     */
    post: operations['postAuthLogin'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/auth/logout': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * End the session; again is fine
     * @description Needs: the refresh cookie and the header X-Requested-With, or an access token.
     */
    post: operations['postAuthLogout'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/auth/password-change': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Choose a password after a temporary one
     * @description Needs: the challenge token.
     */
    post: operations['postAuthPasswordChange'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/auth/refresh': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Get a new access token and rotate the refresh cookie
     * @description Needs: the refresh cookie and the header X-Requested-With.
     */
    post: operations['postAuthRefresh'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/auth/register': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Create an organization and its first administrator
     * @description Needs: anyone, if REGISTRATION is open.
     */
    post: operations['postAuthRegister'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/auth/step-up': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Prove oneself again, for ten minutes
     * @description Any signed-in person.
     */
    post: operations['postAuthStepUp'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/auth/two-factor': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Prove the second factor
     * @description Needs: the challenge token.
     */
    post: operations['postAuthTwoFactor'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/docs': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * This description for people
     * @description Needs: anyone, while DOCS is on.
     */
    get: operations['getDocs'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/docs/openapi.json': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * This description
     * @description Needs: anyone, while DOCS is on.
     */
    get: operations['getDocsOpenapiJson'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/docs/style.css': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * The looks of it
     * @description Needs: anyone, while DOCS is on.
     */
    get: operations['getDocsStyleCss'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/health/live': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Whether the process answers
     * @description Needs: tells only that the process answers.
     */
    get: operations['getHealthLive'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/health/ready': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Whether requests can be served
     * @description Needs: tells only whether requests can be served.
     */
    get: operations['getHealthReady'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/integrations': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Connected platforms
     * @description Any signed-in person.
     */
    get: operations['getIntegrations'];
    put?: never;
    /**
     * Connect a platform; secrets are never shown again
     * @description Administrators.
     */
    post: operations['postIntegrations'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/integrations/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * One of them
     * @description Any signed-in person.
     */
    get: operations['getIntegrationsId'];
    put?: never;
    post?: never;
    /**
     * Remove it with all its secrets
     * @description Administrators. Needs a proof of identity within the last ten minutes.
     */
    delete: operations['deleteIntegrationsId'];
    options?: never;
    head?: never;
    /**
     * Change it; a new webhook secret leaves the old one working for a while
     * @description Administrators.
     */
    patch: operations['patchIntegrationsId'];
    trace?: never;
  };
  '/integrations/{id}/imports': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Uploaded workbooks
     * @description Any signed-in person.
     */
    get: operations['getIntegrationsIdImports'];
    put?: never;
    /**
     * Upload an .xlsx; 202 while it is still being read
     * @description Any signed-in person.
     */
    post: operations['postIntegrationsIdImports'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/integrations/{id}/imports/{importId}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * How far one is
     * @description Any signed-in person.
     */
    get: operations['getIntegrationsIdImportsImportId'];
    put?: never;
    post?: never;
    /**
     * Delete it
     * @description Any signed-in person.
     */
    delete: operations['deleteIntegrationsIdImportsImportId'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/integrations/{id}/imports/{importId}/file': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * The file as it came, as a download
     * @description Any signed-in person.
     */
    get: operations['getIntegrationsIdImportsImportIdFile'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/integrations/{id}/imports/{importId}/rows': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Its rows as text
     * @description Any signed-in person.
     */
    get: operations['getIntegrationsIdImportsImportIdRows'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/integrations/{id}/webhook-events': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Received events, without payload
     * @description Administrators.
     */
    get: operations['getIntegrationsIdWebhookEvents'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/integrations/{id}/webhook-events/{eventId}/replay': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Deliver an event to the services again
     * @description Administrators.
     */
    post: operations['postIntegrationsIdWebhookEventsEventIdReplay'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/integrations/{id}/webhook-failures': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Refusals of the last day
     * @description Administrators.
     */
    get: operations['getIntegrationsIdWebhookFailures'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/internal/integrations/{id}/credentials': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * The secrets of a platform; each read leaves a trace
     * @description Services with the scope credentials:read.
     */
    get: operations['getInternalIntegrationsIdCredentials'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/internal/tokens/introspect': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Whether an access token is live (RFC 7662)
     * @description Services with the scope tokens:introspect.
     */
    post: operations['postInternalTokensIntrospect'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/internal/users/{id}/token-balance/debit': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Debit tokens
     * @description Services with the scope balance:debit.
     */
    post: operations['postInternalUsersIdTokenBalanceDebit'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/internal/webhook-events': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Events not yet acknowledged, oldest first
     * @description Services with the scope webhooks:read.
     */
    get: operations['getInternalWebhookEvents'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/internal/webhook-events/acknowledge': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Take events over
     * @description Services with the scope webhooks:read.
     */
    post: operations['postInternalWebhookEventsAcknowledge'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/metrics': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Prometheus text
     * @description Needs: METRICS_TOKEN as bearer.
     */
    get: operations['getMetrics'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/service-keys': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Keys of services
     * @description Administrators. Needs a proof of identity within the last ten minutes.
     */
    get: operations['getServiceKeys'];
    put?: never;
    /**
     * Make a key, shown once
     * @description Administrators. Needs a proof of identity within the last ten minutes.
     */
    post: operations['postServiceKeys'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/service-keys/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /**
     * End a key at once
     * @description Administrators. Needs a proof of identity within the last ten minutes.
     */
    delete: operations['deleteServiceKeysId'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/sessions': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * One’s own live sessions
     * @description Any signed-in person.
     */
    get: operations['getSessions'];
    put?: never;
    post?: never;
    /**
     * End the others, or all
     * @description Any signed-in person.
     */
    delete: operations['deleteSessions'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/sessions/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /**
     * End one of them
     * @description Any signed-in person.
     */
    delete: operations['deleteSessionsId'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/two-factor': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Whether it is enabled
     * @description Any signed-in person.
     */
    get: operations['getTwoFactor'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/two-factor/backup-codes': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * A fresh set of backup codes
     * @description Any signed-in person. Needs a proof of identity within the last ten minutes.
     */
    post: operations['postTwoFactorBackupCodes'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/two-factor/devices': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Remembered browsers
     * @description Any signed-in person.
     */
    get: operations['getTwoFactorDevices'];
    put?: never;
    post?: never;
    /**
     * Forget all
     * @description Any signed-in person.
     */
    delete: operations['deleteTwoFactorDevices'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/two-factor/devices/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /**
     * Forget one
     * @description Any signed-in person.
     */
    delete: operations['deleteTwoFactorDevicesId'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/two-factor/disable': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Disable with a code
     * @description Any signed-in person. Needs a proof of identity within the last ten minutes.
     */
    post: operations['postTwoFactorDisable'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/two-factor/enable': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Confirm with a code; backup codes are shown once
     * @description Any signed-in person. Needs a proof of identity within the last ten minutes.
     */
    post: operations['postTwoFactorEnable'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/two-factor/setup': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Begin: secret and QR code; on a proof by the factor that is enabled
     * @description Any signed-in person. Needs a proof of identity within the last ten minutes.
     */
    post: operations['postTwoFactorSetup'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/users': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Accounts of the organization
     * @description Administrators.
     */
    get: operations['getUsers'];
    put?: never;
    /**
     * Create an account, which has no password yet
     * @description Administrators.
     */
    post: operations['postUsers'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/users/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * An account
     * @description Any signed-in person.
     */
    get: operations['getUsersId'];
    put?: never;
    post?: never;
    /**
     * Delete an account; its trail remains
     * @description Administrators. Needs a proof of identity within the last ten minutes.
     */
    delete: operations['deleteUsersId'];
    options?: never;
    head?: never;
    /**
     * Change name, role, status or password
     * @description Administrators. Needs a proof of identity within the last ten minutes.
     */
    patch: operations['patchUsersId'];
    trace?: never;
  };
  '/users/{id}/sessions': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /**
     * End all sessions of an account
     * @description Administrators.
     */
    delete: operations['deleteUsersIdSessions'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/users/{id}/token-balance': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Movements of tokens
     * @description Administrators.
     */
    get: operations['getUsersIdTokenBalance'];
    put?: never;
    /**
     * Credit tokens
     * @description Administrators.
     */
    post: operations['postUsersIdTokenBalance'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/users/{id}/two-factor': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /**
     * Remove a lost second factor
     * @description Administrators. Needs a proof of identity within the last ten minutes.
     */
    delete: operations['deleteUsersIdTwoFactor'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/users/{id}/unlock': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * End a lockout
     * @description Administrators.
     */
    post: operations['postUsersIdUnlock'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/users/me': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * One’s own account
     * @description Any signed-in person.
     */
    get: operations['getUsersMe'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    /**
     * Change one’s own name or language
     * @description Any signed-in person.
     */
    patch: operations['patchUsersMe'];
    trace?: never;
  };
  '/users/me/login-attempts': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * One’s own sign-ins
     * @description Any signed-in person.
     */
    get: operations['getUsersMeLoginAttempts'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/users/me/token-balance': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Movements of one’s own tokens
     * @description Any signed-in person.
     */
    get: operations['getUsersMeTokenBalance'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/webhooks/{integrationId}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * What a platform pushes
     * @description Needs: the signature of the provider.
     */
    post: operations['postWebhooksIntegrationId'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    Accepted: {
      message?: string;
      /** @constant */
      status: 'accepted';
    };
    AccessToken: {
      accessToken: string;
      expiresInSeconds: number;
      /** @constant */
      tokenType: 'Bearer';
    };
    Acknowledged: {
      acknowledged: number;
    };
    Alert: {
      acknowledgedAt: string | null;
      acknowledgedBy: string | null;
      /** Format: date-time */
      createdAt: string;
      details: Record<string, never>;
      /** Format: uuid */
      id: string;
      /** @enum {string} */
      kind:
        | 'account_locked'
        | 'second_factor_locked'
        | 'proofs_exhausted'
        | 'refresh_token_theft'
        | 'remembered_device_theft'
        | 'credential_stuffing'
        | 'account_spraying'
        | 'password_spraying'
        | 'decrypt_failure'
        | 'password_hash_refused'
        | 'limiter_store_down'
        | 'database_errors'
        | 'client_address_unreadable'
        | 'uncaught_fault'
        | 'retention_held'
        | 'webhook_signature_failures'
        | 'unusual_api_use';
      /** Format: date-time */
      lastRaisedAt: string;
      occurrences: number;
      /** @enum {string} */
      scope: 'organization' | 'installation';
      /** @enum {string} */
      severity: 'low' | 'medium' | 'high';
      summary: string;
    };
    AlertPage: {
      items: components['schemas']['Alert'][];
      nextCursor: string | null;
    };
    BackupCodes: {
      backupCodes: string[];
    };
    Balance: {
      balance: number;
    };
    BalanceEntry: {
      /** Format: uuid */
      actorId: string;
      amount: number;
      balance: number;
      /** Format: date-time */
      createdAt: string;
      /** Format: uuid */
      id: string;
      idempotencyKey: string;
      reason: string;
    };
    BalanceEntryPage: {
      items: components['schemas']['BalanceEntry'][];
      nextCursor: string | null;
    };
    BlockedAddress: {
      address: string;
      /** Format: date-time */
      createdAt: string;
      createdBy: string | null;
      /** Format: date-time */
      expiresAt: string;
      /** Format: uuid */
      id: string;
      reason: string;
    };
    BlockedAddressPage: {
      items: components['schemas']['BlockedAddress'][];
      nextCursor: string | null;
    };
    CaptchaChallenge: Record<string, never>;
    CreatedServiceKey: {
      allowedIps: string[];
      /** Format: date-time */
      createdAt: string;
      createdBy: string | null;
      expiresAt: string | null;
      hint: string;
      /** Format: uuid */
      id: string;
      key: string;
      lastUsedAt: string | null;
      name: string;
      scopes: ('tokens:introspect' | 'credentials:read' | 'webhooks:read' | 'balance:debit')[];
    };
    Credentials: {
      accessToken: string | null;
      apiKey: string | null;
      config: Record<string, never> | null;
      /** Format: uuid */
      integrationId: string;
      /** @enum {string} */
      provider: 'TIKTOK_SHOP' | 'MENGANTAR' | 'SCALEV' | 'GOOGLE_ADS' | 'CUSTOM';
      refreshToken: string | null;
      tokenExpiresAt: string | null;
      webhookSecret: string | null;
    };
    DeliveredEvent: {
      contentType: string | null;
      eventId: string;
      /** Format: uuid */
      id: string;
      /** Format: uuid */
      integrationId: string;
      payload: unknown;
      /** @enum {string} */
      payloadFormat: 'json' | 'text' | 'base64' | 'unreadable';
      payloadText: string | null;
      /** @enum {string} */
      provider: 'TIKTOK_SHOP' | 'MENGANTAR' | 'SCALEV' | 'GOOGLE_ADS' | 'CUSTOM';
      /** Format: date-time */
      receivedAt: string;
      replayedAt: string | null;
      sentAt: string | null;
    };
    DeliveredEventPage: {
      items: components['schemas']['DeliveredEvent'][];
      nextCursor: string | null;
    };
    Import: {
      bytes: number;
      /** Format: date-time */
      createdAt: string;
      /** Format: uuid */
      createdBy: string;
      fileName: string;
      /** Format: uuid */
      id: string;
      /** Format: uuid */
      integrationId: string;
      refusal: string | null;
      sha256: string;
      sheets: {
        columns: number;
        name: string;
        rows: number;
      }[];
      /** @enum {string} */
      status: 'PARSING' | 'READY' | 'REFUSED';
      storedBytes: number;
    };
    ImportPage: {
      items: components['schemas']['Import'][];
      nextCursor: string | null;
    };
    ImportRow: {
      cells: string[];
      firstColumn?: number;
      row: number;
      sheet: string;
    };
    ImportRowPage: {
      items: components['schemas']['ImportRow'][];
      nextCursor: string | null;
    };
    Integration: {
      config: string[];
      /** Format: date-time */
      createdAt: string;
      credentials: {
        accessToken: {
          hint: string | null;
          set: boolean;
          updatedAt: string | null;
        };
        apiKey: {
          hint: string | null;
          set: boolean;
          updatedAt: string | null;
        };
        refreshToken: {
          hint: string | null;
          set: boolean;
          updatedAt: string | null;
        };
        webhookSecret: {
          hint: string | null;
          set: boolean;
          updatedAt: string | null;
        };
      };
      /** Format: uuid */
      id: string;
      label: string;
      previousWebhookSecretExpiresAt: string | null;
      /** @enum {string} */
      provider: 'TIKTOK_SHOP' | 'MENGANTAR' | 'SCALEV' | 'GOOGLE_ADS' | 'CUSTOM';
      /** @enum {string} */
      status: 'ACTIVE' | 'DISABLED';
      tokenExpiresAt: string | null;
      unreadable?: string[];
      /** Format: date-time */
      updatedAt: string;
      /** @enum {string} */
      webhookScheme: 'standard' | 'tiktok' | 'scalev' | 'google-ads' | 'hmac';
    };
    IntegrationPage: {
      items: components['schemas']['Integration'][];
      nextCursor: string | null;
    };
    Introspection:
      | {
          /** @constant */
          active: false;
        }
      | {
          /** @constant */
          active: true;
          exp: number;
          /** Format: uuid */
          org: string;
          /** @enum {string} */
          role: 'ADMIN' | 'USER';
          /** Format: uuid */
          sid: string;
          /** Format: uuid */
          sub: string;
        };
    JwkSet: {
      keys: Record<string, never>[];
    };
    Live: {
      /** @constant */
      status: 'ok';
    };
    LoginAttempt: {
      count: number;
      /** Format: date-time */
      createdAt: string;
      email: string;
      failureReason: string | null;
      /** Format: uuid */
      id: string;
      ipAddress: string;
      success: boolean;
      userAgent: string | null;
    };
    LoginAttemptPage: {
      items: components['schemas']['LoginAttempt'][];
      nextCursor: string | null;
    };
    LoginResult:
      | {
          accessToken: string;
          expiresInSeconds: number;
          /** @constant */
          status: 'authenticated';
          /** @constant */
          tokenType: 'Bearer';
          user: components['schemas']['OwnUser'];
        }
      | {
          challengeToken: string;
          expiresInSeconds: number;
          methods: ('totp' | 'backup_code')[];
          /** @constant */
          status: 'two_factor_required';
        }
      | {
          challengeToken: string;
          expiresInSeconds: number;
          /** @constant */
          status: 'password_change_required';
        }
      | {
          challengeToken: string;
          expiresInSeconds: number;
          /** @constant */
          status: 'two_factor_setup_required';
        };
    OwnUser: {
      /** Format: date-time */
      createdAt: string;
      /** Format: email */
      email: string;
      hasPassword: boolean;
      /** Format: uuid */
      id: string;
      lastLoginAt: string | null;
      /** @enum {string} */
      locale: 'en' | 'id';
      mustChangePassword: boolean;
      name: string;
      organization: {
        /** Format: uuid */
        id: string;
        name: string;
      };
      passwordResetRequestDate: string | null;
      passwordResetRequested: boolean;
      /** @enum {string} */
      role: 'ADMIN' | 'USER';
      /** @enum {string} */
      status: 'ACTIVE' | 'SUSPENDED';
      temporaryPassword: {
        /** Format: date-time */
        expiresAt: string;
        /** Format: date-time */
        issuedAt: string;
        used: boolean;
      } | null;
      tokenBalance: number;
      twoFactorEnabled: boolean;
      /** Format: date-time */
      updatedAt: string;
    };
    PasswordReset: {
      lastLoginAt: string | null;
      /** Format: date-time */
      requestedAt: string;
      requestIp: string | null;
      twoFactorEnabled: boolean;
      user: components['schemas']['User'];
    };
    PasswordResetPage: {
      items: components['schemas']['PasswordReset'][];
      nextCursor: string | null;
    };
    Problem: {
      /** @constant */
      captcha?: true;
      code: string;
      detail: string;
      errors?: {
        code: string;
        field: string;
        message: string;
      }[];
      instance: string;
      reason?: string;
      /** Format: uuid */
      requestId: string;
      retryAfterSeconds?: number;
      status: number;
      title: string;
      type: string;
    };
    Ready: {
      /** @constant */
      database: 'up';
      /** @constant */
      redis?: 'up';
      /** @constant */
      status: 'ok';
    };
    Receipt: {
      duplicate: boolean;
      /** @constant */
      received: true;
    };
    RememberedDevice: {
      /** Format: date-time */
      createdAt: string;
      deviceName: string;
      /** Format: date-time */
      expiresAt: string;
      /** Format: uuid */
      id: string;
      ipAddress: string;
      /** Format: date-time */
      lastUsedAt: string;
    };
    RememberedDevicePage: {
      items: components['schemas']['RememberedDevice'][];
      nextCursor: string | null;
    };
    Revoked: {
      revoked: number;
    };
    SecurityEvent: {
      /** @enum {string} */
      action:
        | 'organization.registered'
        | 'user.created'
        | 'users.imported'
        | 'user.updated'
        | 'user.deleted'
        | 'user.role_changed'
        | 'user.suspended'
        | 'user.activated'
        | 'user.locked'
        | 'user.unlocked'
        | 'session.started'
        | 'session.stepped_up'
        | 'session.ended'
        | 'proof.refused'
        | 'session.proofs_exhausted'
        | 'session.refresh_token_reused'
        | 'two_factor.enabled'
        | 'two_factor.disabled'
        | 'two_factor.removed_by_admin'
        | 'two_factor.backup_code_used'
        | 'two_factor.backup_codes_low'
        | 'two_factor.backup_codes_replaced'
        | 'two_factor.locked'
        | 'remembered_device.trusted'
        | 'remembered_device.revoked'
        | 'remembered_device.token_reused'
        | 'password.changed'
        | 'password.set_by_admin'
        | 'password.temporary_issued'
        | 'password.temporary_used'
        | 'password.reset_requested'
        | 'password.reset_dismissed'
        | 'password.reset_withdrawn'
        | 'integration.created'
        | 'integration.updated'
        | 'integration.deleted'
        | 'credentials.read'
        | 'webhook.replayed'
        | 'address.blocked'
        | 'address.unblocked'
        | 'import.uploaded'
        | 'import.deleted'
        | 'service_key.created'
        | 'service_key.deleted'
        | 'balance.credited'
        | 'alert.acknowledged'
        | 'incident.database_leak'
        | 'incident.account';
      actorId: string | null;
      /** Format: date-time */
      createdAt: string;
      details: Record<string, never>;
      hash: string;
      /** Format: uuid */
      id: string;
      ipAddress: string | null;
      requestId: string | null;
      sequence: number;
      targetId: string | null;
    };
    SecurityEventPage: {
      items: components['schemas']['SecurityEvent'][];
      nextCursor: string | null;
    };
    ServiceKey: {
      allowedIps: string[];
      /** Format: date-time */
      createdAt: string;
      createdBy: string | null;
      expiresAt: string | null;
      hint: string;
      /** Format: uuid */
      id: string;
      lastUsedAt: string | null;
      name: string;
      scopes: ('tokens:introspect' | 'credentials:read' | 'webhooks:read' | 'balance:debit')[];
    };
    ServiceKeyPage: {
      items: components['schemas']['ServiceKey'][];
      nextCursor: string | null;
    };
    Session: {
      /** Format: date-time */
      createdAt: string;
      current: boolean;
      deviceName: string;
      /** Format: date-time */
      expiresAt: string;
      /** Format: uuid */
      id: string;
      ipAddress: string;
      /** Format: date-time */
      lastActiveAt: string;
      userAgent: string | null;
    };
    SessionPage: {
      items: components['schemas']['Session'][];
      nextCursor: string | null;
    };
    TemporaryPassword: {
      /** Format: date-time */
      expiresAt: string;
      temporaryPassword: string;
    };
    TwoFactorEnabled:
      | {
          backupCodes: string[];
        }
      | {
          accessToken: string;
          backupCodes: string[];
          expiresInSeconds: number;
          /** @constant */
          status: 'authenticated';
          /** @constant */
          tokenType: 'Bearer';
          user: components['schemas']['OwnUser'];
        }
      | {
          backupCodes: string[];
          challengeToken: string;
          expiresInSeconds: number;
          /** @constant */
          status: 'password_change_required';
        };
    TwoFactorSetup: {
      otpauthUrl: string;
      qrCode: string;
      secret: string;
    };
    TwoFactorStatus: {
      backupCodesLeft: number;
      confirmedAt: string | null;
      enabled: boolean;
    };
    User: {
      /** Format: date-time */
      createdAt: string;
      /** Format: email */
      email: string;
      hasPassword: boolean;
      /** Format: uuid */
      id: string;
      lastLoginAt: string | null;
      /** @enum {string} */
      locale: 'en' | 'id';
      mustChangePassword: boolean;
      name: string;
      passwordResetRequestDate: string | null;
      passwordResetRequested: boolean;
      /** @enum {string} */
      role: 'ADMIN' | 'USER';
      /** @enum {string} */
      status: 'ACTIVE' | 'SUSPENDED';
      temporaryPassword: {
        /** Format: date-time */
        expiresAt: string;
        /** Format: date-time */
        issuedAt: string;
        used: boolean;
      } | null;
      twoFactorEnabled: boolean;
      /** Format: date-time */
      updatedAt: string;
    };
    UserPage: {
      items: components['schemas']['User'][];
      nextCursor: string | null;
    };
    WebhookEvent: {
      bytes: number;
      contentType: string | null;
      eventId: string;
      /** Format: uuid */
      id: string;
      ipAddress: string;
      /** Format: date-time */
      receivedAt: string;
      replayedAt: string | null;
      sentAt: string | null;
    };
    WebhookEventPage: {
      items: components['schemas']['WebhookEvent'][];
      nextCursor: string | null;
    };
    WebhookFailure: {
      /** Format: date-time */
      firstAt: string;
      /** Format: uuid */
      id: string;
      ipAddress: string;
      /** Format: date-time */
      lastAt: string;
      occurrences: number;
      /** @enum {string} */
      reason:
        | 'blocked'
        | 'disabled'
        | 'no_secret'
        | 'unreadable_secret'
        | 'malformed'
        | 'wrong_signature'
        | 'wrong_time'
        | 'too_deep'
        | 'ambiguous_id';
    };
    WebhookFailurePage: {
      items: components['schemas']['WebhookFailure'][];
      nextCursor: string | null;
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  getWellKnownJwksJson: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['JwkSet'];
        };
      };
    };
  };
  getAdminBlockedAddresses: {
    parameters: {
      query?: {
        cursor?: string;
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['BlockedAddressPage'];
        };
      };
    };
  };
  postAdminBlockedAddresses: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "address": "203.0.113.0/24",
         *       "seconds": 86400,
         *       "reason": "Floods us."
         *     }
         */
        'application/json': {
          /** @description an address or a CIDR such as 203.0.113.0/24 */
          address: string;
          reason: string;
          /** @default 86400 */
          seconds?: number;
        };
      };
    };
    responses: {
      /** @description Done. */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['BlockedAddress'];
        };
      };
    };
  };
  deleteAdminBlockedAddressesId: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  getAdminPasswordResets: {
    parameters: {
      query?: {
        cursor?: string;
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['PasswordResetPage'];
        };
      };
    };
  };
  deleteAdminPasswordResetsUserId: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        userId: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        /**
         * @example {
         *       "reason": "They called."
         *     }
         */
        'application/json': {
          reason?: string;
        };
      };
    };
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  postAdminPasswordResetsUserIdTemporaryPassword: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        userId: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        /**
         * @example {
         *       "replace": true
         *     }
         */
        'application/json': {
          /** @default false */
          replace?: boolean;
        };
      };
    };
    responses: {
      /** @description Done. */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['TemporaryPassword'];
        };
      };
    };
  };
  getAuditAlerts: {
    parameters: {
      query?: {
        acknowledged?: boolean;
        cursor?: string;
        kind?:
          | 'account_locked'
          | 'second_factor_locked'
          | 'proofs_exhausted'
          | 'refresh_token_theft'
          | 'remembered_device_theft'
          | 'credential_stuffing'
          | 'account_spraying'
          | 'password_spraying'
          | 'decrypt_failure'
          | 'password_hash_refused'
          | 'limiter_store_down'
          | 'database_errors'
          | 'client_address_unreadable'
          | 'uncaught_fault'
          | 'retention_held'
          | 'webhook_signature_failures'
          | 'unusual_api_use';
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AlertPage'];
        };
      };
    };
  };
  postAuditAlertsIdAcknowledge: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Alert'];
        };
      };
    };
  };
  getAuditEvents: {
    parameters: {
      query?: {
        action?:
          | 'organization.registered'
          | 'user.created'
          | 'users.imported'
          | 'user.updated'
          | 'user.deleted'
          | 'user.role_changed'
          | 'user.suspended'
          | 'user.activated'
          | 'user.locked'
          | 'user.unlocked'
          | 'session.started'
          | 'session.stepped_up'
          | 'session.ended'
          | 'proof.refused'
          | 'session.proofs_exhausted'
          | 'session.refresh_token_reused'
          | 'two_factor.enabled'
          | 'two_factor.disabled'
          | 'two_factor.removed_by_admin'
          | 'two_factor.backup_code_used'
          | 'two_factor.backup_codes_low'
          | 'two_factor.backup_codes_replaced'
          | 'two_factor.locked'
          | 'remembered_device.trusted'
          | 'remembered_device.revoked'
          | 'remembered_device.token_reused'
          | 'password.changed'
          | 'password.set_by_admin'
          | 'password.temporary_issued'
          | 'password.temporary_used'
          | 'password.reset_requested'
          | 'password.reset_dismissed'
          | 'password.reset_withdrawn'
          | 'integration.created'
          | 'integration.updated'
          | 'integration.deleted'
          | 'credentials.read'
          | 'webhook.replayed'
          | 'address.blocked'
          | 'address.unblocked'
          | 'import.uploaded'
          | 'import.deleted'
          | 'service_key.created'
          | 'service_key.deleted'
          | 'balance.credited'
          | 'alert.acknowledged'
          | 'incident.database_leak'
          | 'incident.account';
        actorId?: string;
        cursor?: string;
        from?: string;
        limit?: number;
        targetId?: string;
        to?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SecurityEventPage'];
        };
      };
    };
  };
  getAuditLoginAttempts: {
    parameters: {
      query?: {
        cursor?: string;
        email?: string;
        from?: string;
        ip?: string;
        limit?: number;
        success?: boolean;
        to?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['LoginAttemptPage'];
        };
      };
    };
  };
  getAuditLoginAttemptsCsv: {
    parameters: {
      query?: {
        email?: string;
        from?: string;
        ip?: string;
        success?: boolean;
        to?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'text/csv': string;
        };
      };
    };
  };
  getAuthCaptcha: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['CaptchaChallenge'];
        };
      };
    };
  };
  postAuthChangePassword: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "currentPassword": "Kuda-lepas7 meja hijau",
         *       "newPassword": "Meja-hijau3 kuda tenang"
         *     }
         */
        'application/json': {
          currentPassword: string;
          newPassword: string;
        };
      };
    };
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  postAuthForgotPassword: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "email": "siti@example.com"
         *     }
         */
        'application/json': {
          /** Format: email */
          email: string;
        };
      };
    };
    responses: {
      /** @description Done. */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Accepted'];
        };
      };
    };
  };
  postAuthLogin: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "email": "siti@example.com",
         *       "password": "Kuda-lepas7 meja hijau"
         *     }
         */
        'application/json': {
          /** @description what the ALTCHA widget sends */
          altcha?: string;
          /** Format: email */
          email: string;
          password: string;
        };
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['LoginResult'];
        };
      };
    };
  };
  postAuthLogout: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  postAuthPasswordChange: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "challengeToken": "q0Jm2mWZbYkR0o4qkq8yQm3sWw8m1b9n3M0kq6n1y2c",
         *       "newPassword": "Kuda-lepas7 meja hijau"
         *     }
         */
        'application/json': {
          challengeToken: string;
          newPassword: string;
        };
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['LoginResult'];
        };
      };
    };
  };
  postAuthRefresh: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AccessToken'];
        };
      };
    };
  };
  postAuthRegister: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "email": "siti@example.com",
         *       "password": "Kuda-lepas7 meja hijau",
         *       "name": "Siti",
         *       "organizationName": "Toko Laut"
         *     }
         */
        'application/json': {
          /** Format: email */
          email: string;
          name: string;
          organizationName: string;
          password: string;
        };
      };
    };
    responses: {
      /** @description Done. */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Accepted'];
        };
      };
    };
  };
  postAuthStepUp: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        /**
         * @example {
         *       "password": "Kuda-lepas7 meja hijau"
         *     }
         */
        'application/json': {
          /** @description a backup code such as 7XK2-9QRT-0MWH-4ZDE */
          backupCode?: string;
          /** @description six digits */
          code?: string;
          password?: string;
        };
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AccessToken'];
        };
      };
    };
  };
  postAuthTwoFactor: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "challengeToken": "q0Jm2mWZbYkR0o4qkq8yQm3sWw8m1b9n3M0kq6n1y2c",
         *       "code": "492039",
         *       "rememberDevice": true
         *     }
         */
        'application/json': {
          /** @description a backup code such as 7XK2-9QRT-0MWH-4ZDE */
          backupCode?: string;
          challengeToken: string;
          /** @description six digits */
          code?: string;
          /** @default false */
          rememberDevice?: boolean;
        };
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['LoginResult'];
        };
      };
    };
  };
  getDocs: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'text/html': string;
        };
      };
    };
  };
  getDocsOpenapiJson: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': unknown;
        };
      };
    };
  };
  getDocsStyleCss: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'text/css': string;
        };
      };
    };
  };
  getHealthLive: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Live'];
        };
      };
    };
  };
  getHealthReady: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Ready'];
        };
      };
    };
  };
  getIntegrations: {
    parameters: {
      query?: {
        cursor?: string;
        limit?: number;
        provider?: 'TIKTOK_SHOP' | 'MENGANTAR' | 'SCALEV' | 'GOOGLE_ADS' | 'CUSTOM';
        status?: 'ACTIVE' | 'DISABLED';
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['IntegrationPage'];
        };
      };
    };
  };
  postIntegrations: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "provider": "TIKTOK_SHOP",
         *       "label": "Toko Laut",
         *       "accessToken": "act.example"
         *     }
         */
        'application/json': {
          /** @description text of 1 to 8192 characters */
          accessToken?: string;
          /** @description text of 1 to 8192 characters */
          apiKey?: string;
          config?: Record<string, never>;
          label: string;
          /** @enum {string} */
          provider: 'TIKTOK_SHOP' | 'MENGANTAR' | 'SCALEV' | 'GOOGLE_ADS' | 'CUSTOM';
          /** @description text of 1 to 8192 characters */
          refreshToken?: string;
          /** Format: date-time */
          tokenExpiresAt?: string;
          /** @enum {string} */
          webhookScheme?: 'standard' | 'tiktok' | 'scalev' | 'google-ads' | 'hmac';
          /** @description text of 1 to 8192 characters */
          webhookSecret?: string;
        };
      };
    };
    responses: {
      /** @description Done. */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Integration'];
        };
      };
    };
  };
  getIntegrationsId: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Integration'];
        };
      };
    };
  };
  deleteIntegrationsId: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  patchIntegrationsId: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        /**
         * @example {
         *       "label": "Toko Laut Dua",
         *       "status": "ACTIVE"
         *     }
         */
        'application/json': {
          /** @description text of 1 to 8192 characters */
          accessToken?: string;
          /** @description text of 1 to 8192 characters */
          apiKey?: string;
          config?: Record<string, never>;
          label?: string;
          /** @enum {string} */
          provider?: 'TIKTOK_SHOP' | 'MENGANTAR' | 'SCALEV' | 'GOOGLE_ADS' | 'CUSTOM';
          /** @description text of 1 to 8192 characters */
          refreshToken?: string;
          /** @enum {string} */
          status?: 'ACTIVE' | 'DISABLED';
          /** Format: date-time */
          tokenExpiresAt?: string;
          /** @enum {string} */
          webhookScheme?: 'standard' | 'tiktok' | 'scalev' | 'google-ads' | 'hmac';
          /** @description text of 1 to 8192 characters */
          webhookSecret?: string;
          /** @default 86400 */
          webhookSecretOverlapSeconds?: number;
        };
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Integration'];
        };
      };
    };
  };
  getIntegrationsIdImports: {
    parameters: {
      query?: {
        cursor?: string;
        limit?: number;
      };
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ImportPage'];
        };
      };
    };
  };
  postIntegrationsIdImports: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'multipart/form-data': {
          file: string;
        };
      };
    };
    responses: {
      /** @description Done. */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Import'];
        };
      };
      /** @description Under way. */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Import'];
        };
      };
    };
  };
  getIntegrationsIdImportsImportId: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
        importId: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Import'];
        };
      };
    };
  };
  deleteIntegrationsIdImportsImportId: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
        importId: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  getIntegrationsIdImportsImportIdFile: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
        importId: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/octet-stream': string;
        };
      };
    };
  };
  getIntegrationsIdImportsImportIdRows: {
    parameters: {
      query?: {
        cursor?: string;
        limit?: number;
        sheet?: string;
      };
      header?: never;
      path: {
        id: string;
        importId: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ImportRowPage'];
        };
      };
    };
  };
  getIntegrationsIdWebhookEvents: {
    parameters: {
      query?: {
        cursor?: string;
        limit?: number;
      };
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['WebhookEventPage'];
        };
      };
    };
  };
  postIntegrationsIdWebhookEventsEventIdReplay: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        eventId: string;
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  getIntegrationsIdWebhookFailures: {
    parameters: {
      query?: {
        cursor?: string;
        limit?: number;
      };
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['WebhookFailurePage'];
        };
      };
    };
  };
  getInternalIntegrationsIdCredentials: {
    parameters: {
      query: {
        purpose: string;
      };
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Credentials'];
        };
      };
    };
  };
  postInternalTokensIntrospect: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "token": "eyJ…"
         *     }
         */
        'application/json': {
          token: string;
        };
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Introspection'];
        };
      };
    };
  };
  postInternalUsersIdTokenBalanceDebit: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "amount": 5,
         *       "reason": "October",
         *       "idempotencyKey": "invoice-4711"
         *     }
         */
        'application/json': {
          amount: number;
          /** @description 1 to 128 visible ASCII characters */
          idempotencyKey: string;
          reason: string;
        };
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Balance'];
        };
      };
    };
  };
  getInternalWebhookEvents: {
    parameters: {
      query?: {
        cursor?: string;
        integrationId?: string;
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['DeliveredEventPage'];
        };
      };
    };
  };
  postInternalWebhookEventsAcknowledge: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "ids": [
         *         "01a1fac7-20e5-74ae-82b5-f30f3c0a6262"
         *       ]
         *     }
         */
        'application/json': {
          ids: string[];
        };
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Acknowledged'];
        };
      };
    };
  };
  getMetrics: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'text/plain': string;
        };
      };
    };
  };
  getServiceKeys: {
    parameters: {
      query?: {
        cursor?: string;
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ServiceKeyPage'];
        };
      };
    };
  };
  postServiceKeys: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "name": "Settlement",
         *       "scopes": [
         *         "credentials:read"
         *       ],
         *       "allowedIps": [
         *         "10.0.0.0/8"
         *       ]
         *     }
         */
        'application/json': {
          allowedIps?: string[];
          /** Format: date-time */
          expiresAt?: string;
          name: string;
          scopes: string[];
        };
      };
    };
    responses: {
      /** @description Done. */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['CreatedServiceKey'];
        };
      };
    };
  };
  deleteServiceKeysId: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  getSessions: {
    parameters: {
      query?: {
        cursor?: string;
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SessionPage'];
        };
      };
    };
  };
  deleteSessions: {
    parameters: {
      query?: {
        keep?: 'current' | 'none';
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Revoked'];
        };
      };
    };
  };
  deleteSessionsId: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  getTwoFactor: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['TwoFactorStatus'];
        };
      };
    };
  };
  postTwoFactorBackupCodes: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "code": "492039"
         *     }
         */
        'application/json': {
          /** @description six digits */
          code: string;
        };
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['BackupCodes'];
        };
      };
    };
  };
  getTwoFactorDevices: {
    parameters: {
      query?: {
        cursor?: string;
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['RememberedDevicePage'];
        };
      };
    };
  };
  deleteTwoFactorDevices: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Revoked'];
        };
      };
    };
  };
  deleteTwoFactorDevicesId: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  postTwoFactorDisable: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        /**
         * @example {
         *       "code": "492039"
         *     }
         */
        'application/json': {
          /** @description a backup code such as 7XK2-9QRT-0MWH-4ZDE */
          backupCode?: string;
          /** @description six digits */
          code?: string;
        };
      };
    };
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  postTwoFactorEnable: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "code": "492039"
         *     }
         */
        'application/json': {
          /** @description six digits */
          code: string;
        };
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['TwoFactorEnabled'];
        };
      };
    };
  };
  postTwoFactorSetup: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        /** @example {} */
        'application/json': {
          /** @description a backup code such as 7XK2-9QRT-0MWH-4ZDE */
          backupCode?: string;
          /** @description six digits */
          code?: string;
        };
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['TwoFactorSetup'];
        };
      };
    };
  };
  getUsers: {
    parameters: {
      query?: {
        cursor?: string;
        limit?: number;
        mustChangePassword?: boolean;
        passwordResetRequested?: boolean;
        role?: 'ADMIN' | 'USER';
        search?: string;
        status?: 'ACTIVE' | 'SUSPENDED';
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['UserPage'];
        };
      };
    };
  };
  postUsers: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "email": "siti@example.com",
         *       "name": "Siti",
         *       "role": "USER"
         *     }
         */
        'application/json': {
          /** Format: email */
          email: string;
          name: string;
          /**
           * @default USER
           * @enum {string}
           */
          role?: 'ADMIN' | 'USER';
        };
      };
    };
    responses: {
      /** @description Done. */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['User'];
        };
      };
    };
  };
  getUsersId: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['User'];
        };
      };
    };
  };
  deleteUsersId: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  patchUsersId: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        /**
         * @example {
         *       "role": "ADMIN"
         *     }
         */
        'application/json': {
          name?: string;
          password?: string;
          /** @enum {string} */
          role?: 'ADMIN' | 'USER';
          /** @enum {string} */
          status?: 'ACTIVE' | 'SUSPENDED';
        };
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['User'];
        };
      };
    };
  };
  deleteUsersIdSessions: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Revoked'];
        };
      };
    };
  };
  getUsersIdTokenBalance: {
    parameters: {
      query?: {
        cursor?: string;
        limit?: number;
      };
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['BalanceEntryPage'];
        };
      };
    };
  };
  postUsersIdTokenBalance: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        /**
         * @example {
         *       "amount": 5,
         *       "reason": "October",
         *       "idempotencyKey": "invoice-4711"
         *     }
         */
        'application/json': {
          amount: number;
          /** @description 1 to 128 visible ASCII characters */
          idempotencyKey: string;
          reason: string;
        };
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Balance'];
        };
      };
    };
  };
  deleteUsersIdTwoFactor: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  postUsersIdUnlock: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  getUsersMe: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['OwnUser'];
        };
      };
    };
  };
  patchUsersMe: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        /**
         * @example {
         *       "name": "Siti",
         *       "locale": "id"
         *     }
         */
        'application/json': {
          /** @enum {string} */
          locale?: 'en' | 'id';
          name?: string;
        };
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['OwnUser'];
        };
      };
    };
  };
  getUsersMeLoginAttempts: {
    parameters: {
      query?: {
        cursor?: string;
        from?: string;
        limit?: number;
        success?: boolean;
        to?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['LoginAttemptPage'];
        };
      };
    };
  };
  getUsersMeTokenBalance: {
    parameters: {
      query?: {
        cursor?: string;
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['BalanceEntryPage'];
        };
      };
    };
  };
  postWebhooksIntegrationId: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        integrationId: string;
      };
      cookie?: never;
    };
    /** @description Up to 1 MiB, signed as it is. */
    requestBody: {
      content: {
        '*/*': unknown;
      };
    };
    responses: {
      /** @description Done. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Receipt'];
        };
      };
    };
  };
}
