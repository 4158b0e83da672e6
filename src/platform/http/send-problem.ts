import type { FastifyReply, FastifyRequest } from 'fastify';
import { PROBLEM_CONTENT_TYPE, toProblemDocument } from '../errors/problem-document.js';
import { toProblem } from '../errors/to-problem.js';

/** Answers with the problem document of `error` and logs what the client must not see. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = toProblem(error);
  request.problemCode = problem.code;
  if (problem.definition.status >= 500) {
    const cause: unknown = problem.cause;
    request.log.error({ err: cause ?? problem, code: problem.code }, 'request failed');
  }
  if (reply.sent) return;
  // Whoever is refused in the middle of a body shall not send the rest of it.
  if (isBodyUnread(request)) void reply.header('Connection', 'close');
  if (problem.retryAfterSeconds !== undefined)
    void reply.header('Retry-After', String(problem.retryAfterSeconds));
  void reply
    .status(problem.definition.status)
    .header('Content-Type', PROBLEM_CONTENT_TYPE)
    .send(toProblemDocument(problem, { path: pathOf(request.originalUrl), id: request.id }));
}

/** The called path without its query, cut to a length that fits any log. */
export function pathOf(url: string): string {
  return (url.split(/[?#;]/, 1)[0] ?? '/').slice(0, 256);
}

/** Whether a body was announced that has not come whole. */
function isBodyUnread({ raw }: FastifyRequest): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = raw.headers;
  return !raw.complete && (coding !== undefined || (length !== undefined && length !== '0'));
}
