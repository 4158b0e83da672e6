import type { INestApplicationContext } from '@nestjs/common';
import { InvalidArgumentError } from 'commander';
import { loadConfig } from '../platform/config/load-config.js';
import { openDatabase } from '../platform/database/open-database.js';
import { canonicalEmail } from '../platform/identity/email.js';
import { createLogger, NestLogger } from '../platform/observability/logger.js';
import { isUuid } from '../platform/validation/uuid.js';

/** Runs `work` with the same services as the server and closes them, whatever happens. */
export async function withApplication<T>(work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
  const config = loadConfig();
  // Half a second that --help and a refused flag need not wait for.
  const [{ NestFactory }, { AppModule }] = await Promise.all([
    import('@nestjs/core'),
    import('../app.module.js'),
  ]);
  const connection = await openDatabase(config);
  const app = await NestFactory.createApplicationContext(AppModule.forRoot(config, connection), {
    abortOnError: false,
    logger: new NestLogger(createLogger({ logLevel: 'warn' })),
  });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

/** Prints a result for people, or for machines when `--json` was given. */
export function printResult(json: boolean | undefined, result: unknown, lines: readonly string[]): void {
  process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : `${lines.join('\n')}\n`);
}

/** For counts on the command line, 1 to `max`. */
export function parseCount(max: number): (text: string) => number {
  return (text) => {
    const count = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : Number.NaN;
    if (!(count <= max)) throw new InvalidArgumentError(`It must be a whole number from 1 to ${max}.`);
    return count;
  };
}

/** For `--batch-size`. */
export const parseBatchSize = parseCount(99_999);

/** For ids on the command line. */
export function parseId(text: string): string {
  if (!isUuid(text)) throw new InvalidArgumentError('It is not a UUID.');
  return text.toLowerCase();
}

/** For addresses on the command line: canonical. */
export function parseEmail(text: string): string {
  const email = canonicalEmail(text);
  if (email === null) throw new InvalidArgumentError('It is not an email address.');
  return email;
}
