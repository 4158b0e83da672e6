import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** What is still running after this long is given up. */
const GRACE_MS = 9000;

/** SIGTERM and SIGINT: finish what runs, refuse what comes, close the database, exit 0; the second one is immediate. */
export function closeOnSignal(app: NestFastifyApplication): void {
  let closing = false;
  const close = (): void => {
    if (closing) process.exit(1);
    closing = true;
    setTimeout(() => process.exit(1), GRACE_MS).unref();
    app.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', close);
  process.on('SIGINT', close);
}
