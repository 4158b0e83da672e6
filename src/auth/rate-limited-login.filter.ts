import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LoginAttemptsService } from '../login-attempts/login-attempts.service.js';
import { Problem } from '../platform/errors/problem.js';
import { readClientContext } from '../platform/http/client-context.js';
import { sendProblem } from '../platform/http/send-problem.js';
import { canonicalEmail } from '../platform/identity/email.js';

/** Records a try to sign in that a limit refused before the login saw it (L-S6.2). */
@Catch(Problem)
export class RateLimitedLoginFilter implements ExceptionFilter {
  constructor(private readonly attempts: LoginAttemptsService) {}

  async catch(problem: Problem, host: ArgumentsHost): Promise<void> {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    if (problem.code === 'RATE_LIMITED') await this.record(request);
    sendProblem(problem, request, http.getResponse<FastifyReply>());
  }

  private async record(request: FastifyRequest): Promise<void> {
    const { email } = (request.body ?? {}) as { email?: unknown };
    const canonical = typeof email === 'string' ? canonicalEmail(email) : null;
    if (canonical === null) return;
    // The refusal stands, whether it can be recorded or not.
    await this.attempts
      .addRefused(canonical, null, 'rate_limited', readClientContext(request))
      .catch((error: unknown) => request.log.error({ err: error }, 'a limited login was not recorded'));
  }
}
