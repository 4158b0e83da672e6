import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** npm and terminals send a signal to the whole group and hand it on as well: it comes twice within milliseconds. */
const SAME_SIGNAL_MS = 1000;
/** What is still running after this long is given up: everything of ours may be killed at any moment. */
const GRACE_MS = 9500;

/**
 * SIGTERM and SIGINT: answers what is in flight, then ends jobs and what waits to be written, then closes the pools, and
 * exits with 0 (contract §10). A later signal ends at once, with 1.
 */
export function closeOnSignal(app: NestFastifyApplication): void {
  const server = app.getHttpAdapter().getInstance();
  let first: { signal: NodeJS.Signals; at: number } | undefined;
  const close = async (): Promise<void> => {
    setTimeout(() => {
      server.log.warn('the stop took too long: what still ran was given up');
      process.exit(0);
    }, GRACE_MS).unref();
    try {
      await server.drain.run();
      await app.close();
      process.exit(0);
    } catch (error) {
      server.log.fatal({ err: error }, 'the stop failed');
      process.exit(1);
    }
  };
  const receive = (signal: NodeJS.Signals): void => {
    const at = performance.now();
    if (first === undefined) {
      first = { signal, at };
      void close();
    } else if (signal !== first.signal || at - first.at > SAME_SIGNAL_MS) process.exit(1);
  };
  process.on('SIGTERM', receive);
  process.on('SIGINT', receive);
}
