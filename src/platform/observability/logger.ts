import type { LoggerService } from '@nestjs/common';
import pino, { type DestinationStream, type Logger } from 'pino';
import type { Config } from '../config/config.js';

/** Paths that are blanked wherever they appear: the net under the rule that bodies and headers are never logged. */
const REDACTED = [
  'password',
  'currentPassword',
  'newPassword',
  'temporaryPassword',
  'accessToken',
  'refreshToken',
  'challengeToken',
  'code',
  'backupCode',
  'backupCodes',
  'secret',
  'otpauthUrl',
  'qrCode',
  'apiKey',
  'webhookSecret',
  'token',
  'key',
  'passwordHash',
  'x-service-key',
  'authorization',
  'cookie',
  'set-cookie',
]
  .flatMap((name) => [`["${name}"]`, `*["${name}"]`])
  .filter((path) => path !== '["code"]');

/** Structured log: one JSON object per line on standard output, instants in UTC (ASVS V16.2.4). */
export function createLogger(config: Pick<Config, 'logLevel'>, destination?: DestinationStream): Logger {
  const options = {
    level: config.logLevel,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: serializeError },
    redact: { paths: REDACTED, censor: '[redacted]' },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** What an error may tell the log: its kind, words and stack; not its enumerable fields, which may repeat values. */
function serializeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { cause } = error;
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(cause instanceof Error && { cause: serializeError(cause) }),
  };
}

/** Where Nest tells how it starts. */
const STARTUP_CONTEXTS = new Set([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
]);

/** Nest's lines and those of our services through the same log; the chatter of a start only at `debug`. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, context?: string): void {
    const level = context === undefined || STARTUP_CONTEXTS.has(context) ? 'debug' : 'info';
    this.logger[level]({ context }, String(message));
  }

  error(message: unknown, ...rest: unknown[]): void {
    const error = message instanceof Error ? message : rest.find((item) => item instanceof Error);
    this.logger.error({ ...(error !== undefined && { err: error }), context: rest.at(-1) }, String(message));
  }

  warn(message: unknown, context?: string): void {
    this.logger.warn({ context }, String(message));
  }

  debug(message: unknown, context?: string): void {
    this.logger.debug({ context }, String(message));
  }

  verbose(message: unknown, context?: string): void {
    this.logger.trace({ context }, String(message));
  }
}
