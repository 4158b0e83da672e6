import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { clientAddress } from './client-address.js';

/** Who is asking, as far as the connection tells. */
export interface ClientContext {
  /** Canonical client address. */
  readonly ipAddress: string;
  /** The header, control characters removed, cut to 512 characters; null when absent. */
  readonly userAgent: string | null;
  /** UUID that also stands in the log and in `X-Request-Id`. */
  readonly requestId: string;
}

export function readClientContext(request: FastifyRequest): ClientContext {
  return {
    ipAddress: clientAddress(request),
    userAgent: cleanHeader(request.headers['user-agent']),
    requestId: request.id,
  };
}

/** Injects the caller's `ClientContext` into a handler. */
export const Client = createParamDecorator((_: unknown, context: ExecutionContext): ClientContext =>
  readClientContext(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** Header text fit for a log line and a database: no control characters, no lone surrogates, at most 512 characters. */
function cleanHeader(value: string | undefined): string | null {
  const clean = (value ?? '')
    .replaceAll(/\p{C}+/gu, ' ')
    .trim()
    .slice(0, 512)
    .toWellFormed();
  return clean === '' ? null : clean;
}
