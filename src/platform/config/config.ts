import type { Rate } from './environment-reader.js';
import type { EncryptionKeyRing, TokenKeyRing } from '../crypto/key-ring.js';
import type { SigningKeys } from '../crypto/signing-keys.js';

/** The rules of the contract's limit table (§9), by the last part of their variable `RATE_LIMIT_…`. */
export const LIMIT_RULES = [
  'LOGIN_IP',
  'LOGIN_EMAIL',
  'REGISTER',
  'FORGOT_PASSWORD',
  'WEBHOOK',
  'UPLOAD',
  'GLOBAL',
] as const;
export type LimitRule = (typeof LIMIT_RULES)[number];

/** `LOCKOUT`: failures of one email within a window that lock it for a while. */
export interface LockoutSetting {
  readonly failures: number;
  readonly windowSeconds: number;
  readonly lockSeconds: number;
}

/** What a workbook may hold at most. */
export interface WorkbookLimits {
  readonly sheets: number;
  /** Of one sheet. */
  readonly rows: number;
  readonly columns: number;
  /** Of all sheets together. */
  readonly cells: number;
  readonly sharedStrings: number;
  /** Characters of one cell. */
  readonly cellLength: number;
  /** All parts, unpacked, in MiB. */
  readonly inflatedMiB: number;
  /** Characters of all cells together as they are shown, in Mi. */
  readonly textMi: number;
  /** What one workbook may take in the database, file and rows, in MiB. */
  readonly storedMiB: number;
}

/** Every setting, typed and validated once (`load-config.ts`). A class, so that Nest can inject it. */
export abstract class Config {
  abstract readonly environment: 'development' | 'test' | 'production';
  abstract readonly host: string;
  /** 0 lets the system choose (tests). */
  abstract readonly port: number;
  /** Without a trailing slash; the issuer of tokens and the target of redirects. */
  abstract readonly publicUrl: string;
  /** Null: the embedded PostgreSQL in `dataDir`. */
  abstract readonly databaseUrl: string | null;
  /** Null: the same as `databaseUrl`. */
  abstract readonly databaseMigrationUrl: string | null;
  /** Connections at most. */
  abstract readonly databasePoolSize: number;
  /** Absolute path. */
  abstract readonly dataDir: string;
  abstract readonly signingKeys: SigningKeys;
  abstract readonly encryptionKeys: EncryptionKeyRing;
  abstract readonly tokenKeys: TokenKeyRing;
  /** Exact origins. */
  abstract readonly corsOrigins: readonly string[];
  /** Addresses and CIDRs of proxies whose forwarding headers count; empty: none. */
  abstract readonly trustedProxies: readonly string[];
  abstract readonly forceHttps: boolean;
  /** Addresses and CIDRs that may ask for keys and internal routes in plain HTTP; loopback always may. */
  abstract readonly internalNetworks: readonly string[];
  abstract readonly cookieSecure: boolean;
  abstract readonly registration: 'open' | 'closed';
  /** Accounts that must enrol a second factor. */
  abstract readonly requireTwoFactor: 'none' | 'admins' | 'all';
  abstract readonly limits: Readonly<Record<LimitRule, Rate>>;
  abstract readonly lockout: LockoutSetting;
  /** When work is demanded. `altcha`: after failures; `auto`: also of strangers while the line for hashes is long. */
  abstract readonly captcha: 'off' | 'altcha' | 'auto';
  /** Upper end of the numbers that a proof of work searches. */
  abstract readonly captchaDifficulty: number;
  /** Null: counters in the memory of this process. */
  abstract readonly redisUrl: string | null;
  /** In front of every key in Redis. */
  abstract readonly redisKeyPrefix: string;
  /** Null: notices are logged, not sent. */
  abstract readonly smtpUrl: string | null;
  /** Sender of notices. */
  abstract readonly mailFrom: string;
  /** Null: alerts are stored only. */
  abstract readonly alertWebhook: {
    readonly url: string;
    /** `whsec_` and base64, as Standard Webhooks writes it. */
    readonly secret: string;
    /** Whether private and loopback addresses may be sent to. */
    readonly allowPrivate: boolean;
  } | null;
  /** Requests of one person or service that are unusual. */
  abstract readonly unusualUse: Rate;
  /** Null: `GET /metrics` answers 404. */
  abstract readonly metricsToken: string | null;
  abstract readonly session: {
    readonly idleSeconds: number;
    readonly absoluteSeconds: number;
    readonly maxPerUser: number;
  };
  abstract readonly retention: {
    readonly webhookEventDays: number;
    readonly importDays: number;
  };
  /** What a workbook may hold, and what reading it may cost. */
  abstract readonly imports: WorkbookLimits & {
    /** Seconds until a parser is ended. */
    readonly timeoutSeconds: number;
    /** Memory of one parser, in MiB. */
    readonly memoryMiB: number;
    /** Parsers at the same time. */
    readonly concurrency: number;
    /** What the workbooks of one organization may take in the database together. */
    readonly quotaBytes: number;
  };
  /** argon2id hashes computed at the same time. */
  abstract readonly hashConcurrency: number;
  abstract readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  /** Whether `GET /docs` exists. */
  abstract readonly docs: boolean;
  /** Without slashes at the ends; empty: none. */
  abstract readonly apiPrefix: string;
}
