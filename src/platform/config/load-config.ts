import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { EncryptionKeyRing, parseKeyRing, TokenKeyRing, type RingKey } from '../crypto/key-ring.js';
import { weaknessOfKey, weaknessOfText } from '../crypto/secret-strength.js';
import { standardWebhookKey } from '../crypto/standard-webhook-key.js';
import { parseSigningKeys, SigningKeys } from '../crypto/signing-keys.js';
import { isAddressRange } from '../http/address-ranges.js';
import { Config } from './config.js';
import { loadDevelopmentSecrets, type SecretName } from './development-secrets.js';
import { ConfigurationError, EnvironmentReader } from './environment-reader.js';
import { readSecretFiles } from './secret-files.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** `.env` of the working folder, when present, below the real environment; secrets also from files. */
export function readEnvironment(): Environment {
  const fromFile = existsSync('.env') ? parseEnv(readFileSync('.env', 'utf8')) : {};
  return readSecretFiles({ ...fromFile, ...process.env });
}

/**
 * Parses and validates every setting of the contract's §9.
 * @throws ConfigurationError naming all faults at once, never a value.
 */
export function loadConfig(environment: Environment = readEnvironment()): Config {
  const reader = new EnvironmentReader(environment);
  const mode = reader.choice('NODE_ENV', ['development', 'test', 'production'] as const, 'development');
  const production = mode === 'production';
  const port = reader.integer('PORT', 3000, { min: 0, max: 65_535 });
  const dataDir = resolve(reader.text('DATA_DIR') ?? '.data');
  const publicUrl = reader
    .url('PUBLIC_URL', `http://localhost:${port}`, ['http:', 'https:'])
    .replace(/\/+$/, '');
  const forceHttps = reader.boolean('FORCE_HTTPS', false);
  if (forceHttps && !publicUrl.startsWith('https:')) {
    reader.fault('PUBLIC_URL', 'must begin with https:// when FORCE_HTTPS is true');
  }
  const settings = {
    environment: mode,
    host: readHost(reader),
    port,
    publicUrl,
    databaseUrl: readDatabaseUrl(reader, 'DATABASE_URL'),
    databaseMigrationUrl: readDatabaseUrl(reader, 'DATABASE_MIGRATION_URL'),
    databasePoolSize: reader.integer('DATABASE_POOL_SIZE', 10, { min: 2, max: 500 }),
    dataDir,
    corsOrigins: readOrigins(reader),
    trustedProxies: readTrustedProxies(reader, production),
    forceHttps,
    internalNetworks: readInternalNetworks(reader),
    cookieSecure: reader.boolean('COOKIE_SECURE', production),
    registration: reader.choice('REGISTRATION', ['open', 'closed'] as const, production ? 'closed' : 'open'),
    requireTwoFactor: reader.choice('REQUIRE_TWO_FACTOR', ['none', 'admins', 'all'] as const, 'none'),
    limits: {
      LOGIN_IP: reader.rate('RATE_LIMIT_LOGIN_IP', { requests: 5, seconds: 60 }),
      LOGIN_EMAIL: reader.rate('RATE_LIMIT_LOGIN_EMAIL', { requests: 5, seconds: 60 }),
      REGISTER: reader.rate('RATE_LIMIT_REGISTER', { requests: 3, seconds: 60 }),
      FORGOT_PASSWORD: reader.rate('RATE_LIMIT_FORGOT_PASSWORD', { requests: 3, seconds: 300 }),
      WEBHOOK: reader.rate('RATE_LIMIT_WEBHOOK', { requests: 120, seconds: 60 }),
      UPLOAD: reader.rate('RATE_LIMIT_UPLOAD', { requests: 10, seconds: 60 }),
      GLOBAL: reader.rate('RATE_LIMIT_GLOBAL', { requests: 300, seconds: 60 }),
    },
    lockout: reader.lockout('LOCKOUT', { failures: 10, windowSeconds: 3600, lockSeconds: 1800 }),
    captcha: reader.choice('CAPTCHA', ['off', 'altcha', 'auto'] as const, production ? 'auto' : 'off'),
    captchaDifficulty: reader.integer('CAPTCHA_DIFFICULTY', 100_000, { min: 1000, max: 10_000_000 }),
    redisUrl:
      reader.text('REDIS_URL') === undefined ? null : reader.url('REDIS_URL', '', ['redis:', 'rediss:']),
    redisKeyPrefix: reader.text('REDIS_KEY_PREFIX') ?? 'benteng:',
    smtpUrl: reader.text('SMTP_URL') === undefined ? null : reader.url('SMTP_URL', '', ['smtp:', 'smtps:']),
    mailFrom: readMailFrom(reader),
    alertWebhook: readAlertWebhook(reader, production),
    unusualUse: reader.rate('UNUSUAL_USE', { requests: 6000, seconds: 600 }),
    metricsToken: readMetricsToken(reader, production),
    session: {
      idleSeconds: reader.integer('SESSION_IDLE_SECONDS', 18_000, { min: 1, max: 31_536_000 }),
      absoluteSeconds: reader.integer('SESSION_ABSOLUTE_SECONDS', 86_400, { min: 1, max: 31_536_000 }),
      maxPerUser: reader.integer('MAX_SESSIONS_PER_USER', 10, { min: 1, max: 1000 }),
    },
    retention: {
      webhookEventDays: reader.integer('WEBHOOK_RETENTION_DAYS', 30, { min: 1, max: 3650 }),
      importDays: reader.integer('IMPORT_RETENTION_DAYS', 90, { min: 1, max: 3650 }),
    },
    imports: {
      sheets: reader.integer('IMPORT_MAX_SHEETS', 50, { min: 1, max: 1000 }),
      rows: reader.integer('IMPORT_MAX_ROWS', 500_000, { min: 1, max: 1_048_576 }),
      columns: reader.integer('IMPORT_MAX_COLUMNS', 500, { min: 1, max: 16_384 }),
      cells: reader.integer('IMPORT_MAX_CELLS', 5_000_000, { min: 1, max: 100_000_000 }),
      sharedStrings: reader.integer('IMPORT_MAX_SHARED_STRINGS', 500_000, { min: 1, max: 10_000_000 }),
      cellLength: reader.integer('IMPORT_MAX_CELL_LENGTH', 32_767, { min: 1, max: 32_767 }),
      inflatedMiB: reader.integer('IMPORT_MAX_INFLATED_MIB', 400, { min: 1, max: 4000 }),
      timeoutSeconds: reader.integer('IMPORT_TIMEOUT_SECONDS', 60, { min: 1, max: 600 }),
      memoryMiB: reader.integer('IMPORT_MEMORY_MIB', 256, { min: 32, max: 4096 }),
      concurrency: reader.integer('IMPORT_CONCURRENCY', 2, { min: 1, max: 16 }),
      textMi: reader.integer('IMPORT_MAX_TEXT_MIB', 1024, { min: 1, max: 1_000_000 }),
      storedMiB: reader.integer('IMPORT_MAX_STORED_MIB', 128, { min: 1, max: 4000 }),
      quotaBytes: readImportQuota(reader),
    },
    hashConcurrency: reader.integer('HASH_CONCURRENCY', Math.min(4, availableParallelism()), {
      min: 1,
      max: 64,
    }),
    logLevel: reader.choice(
      'LOG_LEVEL',
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const,
      'info',
    ),
    docs: reader.choice('DOCS', ['on', 'off'] as const, production ? 'off' : 'on') === 'on',
    apiPrefix: readApiPrefix(reader),
  };
  const secrets = readSecrets(reader, production, dataDir);
  reader.assertNoFaults();
  return { ...settings, ...secrets };
}

function readDatabaseUrl(reader: EnvironmentReader, name: string): string | null {
  return reader.text(name) === undefined ? null : reader.url(name, '', ['postgres:', 'postgresql:']);
}

function readMailFrom(reader: EnvironmentReader): string {
  const sender = reader.text('MAIL_FROM');
  if (sender !== undefined && !/^[^\r\n]*[^\s@]+@[^\s@]+$|^[^<>\r\n]+<[^\s@<>]+@[^\s@<>]+>$/.test(sender)) {
    reader.fault('MAIL_FROM', 'expected an address such as Benteng <security@example.com>');
  }
  if (sender === undefined && reader.text('SMTP_URL') !== undefined) {
    reader.fault('MAIL_FROM', 'must be set when SMTP_URL is set');
  }
  return sender ?? 'Benteng <security@localhost>';
}

function readHost(reader: EnvironmentReader): string {
  const host = reader.text('HOST') ?? '127.0.0.1';
  if (isIP(host) === 0 && !/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(host))
    reader.fault('HOST', 'expected an IP address or a host name');
  return host;
}

/** Standard Webhooks secrets: 24 to 64 bytes in base64 behind `whsec_`. */
function readAlertWebhook(reader: EnvironmentReader, production: boolean): Config['alertWebhook'] {
  const allowPrivate = reader.boolean('ALERT_WEBHOOK_ALLOW_PRIVATE', false);
  const isUsed = reader.text('ALERT_WEBHOOK_URL') !== undefined;
  const secret = reader.text('ALERT_WEBHOOK_SECRET') ?? '';
  const key = standardWebhookKey(secret);
  if (isUsed || secret !== '') {
    if (key === null || key.length < 24 || key.length > 64)
      reader.fault('ALERT_WEBHOOK_SECRET', 'expected whsec_ and 24 to 64 random bytes in base64');
    else if (production) refuseWeakness(reader, 'ALERT_WEBHOOK_SECRET', 'the key', weaknessOfKey(key));
  }
  if (!isUsed) return null;
  return { url: reader.url('ALERT_WEBHOOK_URL', '', ['https:', 'http:']), secret, allowPrivate };
}

function readMetricsToken(reader: EnvironmentReader, production: boolean): string | null {
  const token = reader.text('METRICS_TOKEN') ?? null;
  if (token === null) return null;
  if (!/^[\x21-\x7e]{16,512}$/.test(token))
    reader.fault('METRICS_TOKEN', 'expected at least 16 visible ASCII characters without spaces');
  else if (production) refuseWeakness(reader, 'METRICS_TOKEN', 'the token', weaknessOfText(token));
  return token;
}

/** Contract §9: production refuses secrets that a person has made up. @param what completes with the weakness. */
function refuseWeakness(
  reader: EnvironmentReader,
  name: string,
  what: string,
  weakness: string | null,
): void {
  if (weakness !== null)
    reader.fault(name, `${what} ${weakness}; take a random one, for example from "openssl rand -base64 32"`);
}

function readOrigins(reader: EnvironmentReader): string[] {
  const origins = reader.list('CORS_ORIGINS');
  const wrong = origins.filter(
    (origin) => origin.includes('*') || !URL.canParse(origin) || new URL(origin).origin !== origin,
  );
  if (wrong.length > 0) {
    reader.fault(
      'CORS_ORIGINS',
      'expected exact origins such as https://app.example.com, without path or wildcard',
    );
  }
  return origins;
}

function readTrustedProxies(reader: EnvironmentReader, production: boolean): string[] {
  const entries = reader.list('TRUST_PROXY');
  if (entries.length === 0 && production) {
    reader.fault('TRUST_PROXY', 'must be set in production: "none", or the addresses of your proxies');
  }
  if (entries.length === 1 && entries[0] === 'none') return [];
  if (!entries.every(isAddressRange)) {
    reader.fault('TRUST_PROXY', 'expected "none", or addresses and CIDRs such as 10.0.0.0/8,::1');
  } else if (entries.some(trustsStrangers)) {
    reader.fault(
      'TRUST_PROXY',
      'names a network larger than any private one: whoever is in it could invent client addresses; name your own proxies',
    );
  }
  return entries;
}

/** The largest private networks are 10.0.0.0/8 (RFC 1918) and fc00::/7 (RFC 4193). */
function trustsStrangers(range: string): boolean {
  const [network = '', bits] = range.split('/');
  return bits !== undefined && Number(bits) < (network.includes(':') ? 7 : 8);
}

/** In bytes; `IMPORT_QUOTA_MIB` is the older name, for whole MiB. */
function readImportQuota(reader: EnvironmentReader): number {
  const mebibytes = reader.integer('IMPORT_QUOTA_MIB', 1024, { min: 1, max: 900_000 });
  return reader.integer('IMPORT_QUOTA_BYTES', mebibytes * 1024 * 1024, { min: 1, max: 999_999_999_999 });
}

function readInternalNetworks(reader: EnvironmentReader): string[] {
  const entries = reader.list('INTERNAL_NETWORKS');
  if (!entries.every((range) => isAddressRange(range) && !trustsStrangers(range)))
    reader.fault('INTERNAL_NETWORKS', 'expected private addresses and CIDRs such as 10.0.0.0/8,fd00::/8');
  return entries;
}

function readApiPrefix(reader: EnvironmentReader): string {
  const prefix = (reader.text('API_PREFIX') ?? '').replace(/^\/+|\/+$/g, '');
  if (!/^[a-z0-9._/-]*$/i.test(prefix)) reader.fault('API_PREFIX', 'expected a path such as api/v1');
  return prefix;
}

/** Production brings its secrets; elsewhere what is missing is made once and kept in `DATA_DIR`. */
function readSecrets(reader: EnvironmentReader, production: boolean, dataDir: string) {
  let generated: Record<SecretName, string> | undefined;
  const read = (name: SecretName): string | undefined => {
    const given = reader.text(name);
    if (given !== undefined) return given;
    if (production) {
      reader.fault(name, 'must be set in production; "npm run cli -- keys:generate" makes one');
      return undefined;
    }
    return (generated ??= loadDevelopmentSecrets(dataDir))[name];
  };
  const parse = <T>(
    name: SecretName,
    parser: (text: string) => { keys: T[]; faults: string[] },
    describe: (key: T) => { what: string; bytes: Buffer },
  ): T[] => {
    const text = read(name);
    if (text === undefined) return [];
    const { keys, faults } = parser(text);
    for (const fault of faults) reader.fault(name, fault);
    if (production && faults.length === 0) {
      for (const { what, bytes } of keys.map(describe))
        refuseWeakness(reader, name, what, weaknessOfKey(bytes));
    }
    return keys;
  };
  const ringKey = ({ id, bytes }: RingKey) => ({ what: `key "${id}"`, bytes });
  const signing = parse('JWT_PRIVATE_KEYS', parseSigningKeys, ({ privateKey }) => ({
    what: 'a private key',
    bytes: Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url'),
  }));
  const encryption = parse('ENCRYPTION_KEYS', parseKeyRing, ringKey);
  const token = parse('TOKEN_KEYS', parseKeyRing, ringKey);
  if (encryption.some((key) => token.some((other) => other.bytes.equals(key.bytes)))) {
    reader.fault('TOKEN_KEYS', 'shares a key with ENCRYPTION_KEYS; each needs its own');
  }
  if (reader.faults.length > 0) throw new ConfigurationError(reader.faults);
  return {
    signingKeys: new SigningKeys(signing),
    encryptionKeys: new EncryptionKeyRing(encryption),
    tokenKeys: new TokenKeyRing(token),
  };
}
