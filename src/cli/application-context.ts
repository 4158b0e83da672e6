import type { INestApplicationContext } from '@nestjs/common';
import { loadConfig } from '../platform/config/load-config.js';
import { openDatabase } from '../platform/database/open-database.js';
import { createLogger, NestLogger } from '../platform/observability/logger.js';

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
