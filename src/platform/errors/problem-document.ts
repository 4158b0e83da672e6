import type { Problem } from './problem.js';

/** RFC 9457 §3 with the contract's extensions. */
export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
  requestId: string;
  errors?: readonly { field: string; code: string; message: string }[];
  retryAfterSeconds?: number;
  reason?: string;
  captcha?: true;
}

export const PROBLEM_CONTENT_TYPE = 'application/problem+json; charset=utf-8';

/** @param path the path that was called, without the query (it may carry what should not be repeated). */
export function toProblemDocument(problem: Problem, request: { path: string; id: string }): ProblemDocument {
  const { code, status, title } = problem.definition;
  return {
    type: `urn:benteng:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    detail: problem.detail,
    instance: request.path,
    code,
    requestId: request.id,
    ...(problem.errors && { errors: problem.errors }),
    ...(problem.captcha && { captcha: problem.captcha }),
    ...(problem.reason !== undefined && { reason: problem.reason }),
    ...(problem.retryAfterSeconds !== undefined && { retryAfterSeconds: problem.retryAfterSeconds }),
  };
}
