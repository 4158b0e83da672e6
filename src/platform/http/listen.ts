import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Config } from '../config/config.js';
import { OperatorError } from '../errors/operator-error.js';

/**
 * Opens the port.
 * @returns the address a person can open: the real port, a wildcard host as localhost.
 * @throws OperatorError when the port is taken or may not be opened.
 */
export async function listen(app: NestFastifyApplication, { host, port }: Config): Promise<string> {
  try {
    // Fastify opens a second port for ::1 at `localhost`, one without our answers to what is no HTTP.
    await app.listen(port, host === 'localhost' ? '127.0.0.1' : host);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reasons: Record<string, string> = {
      EADDRINUSE: `Port ${port} on ${host} is taken by another program. Stop it, or set PORT to another number.`,
      EACCES: `Port ${port} may not be opened by this user. Set PORT to a number above 1023.`,
      EADDRNOTAVAIL: `HOST ${host} is not an address of this machine.`,
      ENOTFOUND: `HOST ${host} is not an address of this machine.`,
    };
    throw new OperatorError(reasons[code ?? ''] ?? `The server cannot listen on ${host}:${port}: ${message}`);
  }
  const address = app.getHttpServer().address() as { port: number };
  const shown = ['0.0.0.0', '::'].includes(host) ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${shown}:${address.port}`;
}
