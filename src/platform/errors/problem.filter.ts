import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isDatabaseUnavailable } from '../database/database-errors.js';
import type { Signals } from '../events/signals.js';
import { sendProblem } from '../http/send-problem.js';

/** The only exception filter: whatever was thrown becomes a problem document. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly signals: Signals) {}

  catch(error: unknown, host: ArgumentsHost): void {
    if (isDatabaseUnavailable(error)) this.signals.emit({ kind: 'database_error' });
    const http = host.switchToHttp();
    sendProblem(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }
}
