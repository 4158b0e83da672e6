import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { loadConfig } from '../platform/config/load-config.js';
import { openDatabase } from '../platform/database/open-database.js';
import { createLogger, NestLogger } from '../platform/observability/logger.js';

/** Runs `work` with the same services as the server and closes them, whatever happens. */
export async function withApplication<T>(work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
  const config = loadConfig();
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
