import { ALERT_KIND_NAMES } from '../alerts/alert-rules.js';
import { SERVICE_SCOPES } from '../platform/access/principal.js';
import { SECURITY_ACTIONS } from '../platform/events/security-event.js';
import type { JsonSchema } from '../platform/validation/field-schemas.js';

const text: JsonSchema = { type: 'string' };
const flag: JsonSchema = { type: 'boolean' };
const count: JsonSchema = { type: 'integer', minimum: 0 };
const uuid: JsonSchema = { type: 'string', format: 'uuid' };
const email: JsonSchema = { type: 'string', format: 'email' };
/** ISO 8601 in UTC with milliseconds. */
const instant: JsonSchema = { type: 'string', format: 'date-time', pattern: String.raw`\.\d{3}Z$` };
const oneOf = (...values: readonly string[]): JsonSchema => ({ type: 'string', enum: values });
const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items });
const orNull = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, { type: 'null' }] });
const constant = (value: unknown): JsonSchema => ({ const: value });
export const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

/** An object with exactly these fields; those in `optional` may be left out. */
function object(properties: Record<string, JsonSchema>, ...optional: string[]): JsonSchema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, required, additionalProperties: false };
}

/** A page of a list. */
const page = (item: string): JsonSchema => object({ items: listOf(ref(item)), nextCursor: orNull(text) });

const userFields = {
  id: uuid,
  email,
  name: text,
  locale: oneOf('en', 'id'),
  role: oneOf('ADMIN', 'USER'),
  status: oneOf('ACTIVE', 'SUSPENDED'),
  hasPassword: flag,
  mustChangePassword: flag,
  temporaryPassword: orNull(object({ issuedAt: instant, expiresAt: instant, used: flag })),
  passwordResetRequested: flag,
  passwordResetRequestDate: orNull(instant),
  twoFactorEnabled: flag,
  lastLoginAt: orNull(instant),
  createdAt: instant,
  updatedAt: instant,
};
const accessToken = { accessToken: text, tokenType: constant('Bearer'), expiresInSeconds: count };
const authenticated = { status: constant('authenticated'), ...accessToken, user: ref('OwnUser') };
const challenge = { challengeToken: text, expiresInSeconds: count };
const provider = oneOf('TIKTOK_SHOP', 'MENGANTAR', 'SCALEV', 'GOOGLE_ADS', 'CUSTOM');
const credential = object({ set: flag, hint: orNull(text), updatedAt: orNull(instant) });
const serviceKeyFields = {
  id: uuid,
  name: text,
  hint: text,
  scopes: listOf(oneOf(...SERVICE_SCOPES)),
  allowedIps: listOf(text),
  expiresAt: orNull(instant),
  lastUsedAt: orNull(instant),
  createdBy: orNull(uuid),
  createdAt: instant,
};

const ITEMS = {
  User: object(userFields),
  Session: object({
    id: uuid,
    current: flag,
    deviceName: text,
    ipAddress: text,
    userAgent: orNull(text),
    createdAt: instant,
    lastActiveAt: instant,
    expiresAt: instant,
  }),
  RememberedDevice: object({
    id: uuid,
    deviceName: text,
    ipAddress: text,
    createdAt: instant,
    lastUsedAt: instant,
    expiresAt: instant,
  }),
  PasswordReset: object({
    user: ref('User'),
    requestedAt: instant,
    requestIp: orNull(text),
    lastLoginAt: orNull(instant),
    twoFactorEnabled: flag,
  }),
  LoginAttempt: object({
    id: uuid,
    email: text,
    success: flag,
    failureReason: orNull(text),
    ipAddress: text,
    userAgent: orNull(text),
    createdAt: instant,
    count,
  }),
  SecurityEvent: object({
    id: uuid,
    sequence: count,
    hash: { type: 'string', pattern: '^[0-9a-f]{64}$' },
    action: oneOf(...SECURITY_ACTIONS),
    actorId: orNull(uuid),
    targetId: orNull(uuid),
    ipAddress: orNull(text),
    requestId: orNull(uuid),
    details: { type: 'object' },
    createdAt: instant,
  }),
  Alert: object({
    id: uuid,
    kind: oneOf(...ALERT_KIND_NAMES),
    severity: oneOf('low', 'medium', 'high'),
    summary: text,
    scope: oneOf('organization', 'installation'),
    details: { type: 'object' },
    occurrences: count,
    createdAt: instant,
    lastRaisedAt: instant,
    acknowledgedAt: orNull(instant),
    acknowledgedBy: orNull(uuid),
  }),
  BalanceEntry: object({
    id: uuid,
    amount: { type: 'integer' },
    balance: count,
    reason: text,
    idempotencyKey: text,
    actorId: uuid,
    createdAt: instant,
  }),
  Integration: object(
    {
      id: uuid,
      provider,
      label: text,
      status: oneOf('ACTIVE', 'DISABLED'),
      webhookScheme: oneOf('standard', 'tiktok', 'scalev', 'google-ads', 'hmac'),
      credentials: object({
        accessToken: credential,
        refreshToken: credential,
        apiKey: credential,
        webhookSecret: credential,
      }),
      previousWebhookSecretExpiresAt: orNull(instant),
      config: listOf(text),
      unreadable: listOf(text),
      tokenExpiresAt: orNull(instant),
      createdAt: instant,
      updatedAt: instant,
    },
    'unreadable',
  ),
  ServiceKey: object(serviceKeyFields),
  WebhookEvent: object({
    id: uuid,
    eventId: text,
    sentAt: orNull(instant),
    contentType: orNull(text),
    bytes: count,
    ipAddress: text,
    replayedAt: orNull(instant),
    receivedAt: instant,
  }),
  DeliveredEvent: object({
    id: uuid,
    integrationId: uuid,
    provider,
    eventId: text,
    sentAt: orNull(instant),
    receivedAt: instant,
    replayedAt: orNull(instant),
    contentType: orNull(text),
    payloadFormat: oneOf('json', 'text', 'base64', 'unreadable'),
    payloadText: orNull(text),
    payload: {},
  }),
  WebhookFailure: object({
    id: uuid,
    ipAddress: text,
    reason: oneOf(
      'blocked',
      'disabled',
      'no_secret',
      'unreadable_secret',
      'malformed',
      'wrong_signature',
      'wrong_time',
      'too_deep',
      'ambiguous_id',
    ),
    occurrences: count,
    firstAt: instant,
    lastAt: instant,
  }),
  BlockedAddress: object({
    id: uuid,
    address: text,
    reason: text,
    createdBy: orNull(uuid),
    createdAt: instant,
    expiresAt: instant,
  }),
  Import: object({
    id: uuid,
    integrationId: uuid,
    fileName: text,
    bytes: count,
    sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
    storedBytes: count,
    status: oneOf('PARSING', 'READY', 'REFUSED'),
    refusal: orNull(text),
    sheets: listOf(object({ name: text, rows: count, columns: count })),
    createdBy: uuid,
    createdAt: instant,
  }),
  ImportRow: object(
    { sheet: text, row: { type: 'integer', minimum: 1 }, firstColumn: count, cells: listOf(text) },
    'firstColumn',
  ),
};

/** Every answer that is no list, by name. */
const ANSWERS = {
  Problem: object(
    {
      type: { type: 'string', pattern: '^urn:benteng:problem:' },
      title: text,
      status: { type: 'integer' },
      detail: text,
      instance: text,
      code: { type: 'string', pattern: '^[A-Z_]+$' },
      requestId: uuid,
      errors: listOf(object({ field: text, code: text, message: text })),
      retryAfterSeconds: count,
      reason: text,
      captcha: constant(true),
    },
    'errors',
    'retryAfterSeconds',
    'reason',
    'captcha',
  ),
  Accepted: object({ status: constant('accepted'), message: text }, 'message'),
  OwnUser: object({ ...userFields, organization: object({ id: uuid, name: text }), tokenBalance: count }),
  AccessToken: object(accessToken),
  LoginResult: {
    oneOf: [
      object(authenticated),
      object({
        status: constant('two_factor_required'),
        ...challenge,
        methods: listOf(oneOf('totp', 'backup_code')),
      }),
      object({ status: constant('password_change_required'), ...challenge }),
      object({ status: constant('two_factor_setup_required'), ...challenge }),
    ],
  },
  CaptchaChallenge: { type: 'object' },
  JwkSet: object({
    keys: listOf({ type: 'object', required: ['kty', 'crv', 'x', 'y', 'kid'] }),
  }),
  TemporaryPassword: object({ temporaryPassword: text, expiresAt: instant }),
  Revoked: object({ revoked: count }),
  TwoFactorStatus: object({ enabled: flag, confirmedAt: orNull(instant), backupCodesLeft: count }),
  TwoFactorSetup: object({ secret: text, otpauthUrl: text, qrCode: text }),
  BackupCodes: object({ backupCodes: listOf(text) }),
  TwoFactorEnabled: {
    oneOf: [
      object({ backupCodes: listOf(text) }),
      // Enabling during a sign-in that demanded it completes that sign-in.
      object({ backupCodes: listOf(text), ...authenticated }),
      object({ backupCodes: listOf(text), status: constant('password_change_required'), ...challenge }),
    ],
  },
  Balance: object({ balance: count }),
  CreatedServiceKey: object({ key: { type: 'string', pattern: '^btg_' }, ...serviceKeyFields }),
  Introspection: {
    oneOf: [
      object({ active: constant(false) }),
      object({
        active: constant(true),
        sub: uuid,
        sid: uuid,
        org: uuid,
        role: oneOf('ADMIN', 'USER'),
        exp: count,
      }),
    ],
  },
  Credentials: object({
    integrationId: uuid,
    provider,
    accessToken: orNull(text),
    refreshToken: orNull(text),
    apiKey: orNull(text),
    webhookSecret: orNull(text),
    config: orNull({ type: 'object' }),
    tokenExpiresAt: orNull(instant),
  }),
  Receipt: object({ received: constant(true), duplicate: flag }),
  Acknowledged: object({ acknowledged: count }),
  Live: object({ status: constant('ok') }),
  Ready: object({ status: constant('ok'), database: constant('up'), redis: constant('up') }, 'redis'),
};

/** Every schema of an answer; each item has its page as `<Name>Page`. */
export const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  ...ANSWERS,
  ...ITEMS,
  ...Object.fromEntries(Object.keys(ITEMS).map((name) => [`${name}Page`, page(name)])),
};
