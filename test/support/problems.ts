import type { Response } from 'supertest';

/** Expects an error of the contract's form (RFC 9457 and §1) with this status and code. */
export function expectProblem(response: Response, status: number, code: string): void {
  const body = response.body as Record<string, unknown>;
  expect({ status: response.status, code: body['code'] }).toEqual({ status, code });
  expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(body).toMatchObject({
    type: expect.any(String),
    title: expect.any(String),
    status,
    detail: expect.any(String),
    instance: expect.stringMatching(/^\/[^?]*$/),
    requestId: response.headers['x-request-id'],
  });
}

/** The field faults of a refused input as `field:code`, sorted. */
export function faultsOf(response: Response): string[] {
  const { errors } = response.body as { errors?: { field: string; code: string }[] };
  return (errors ?? []).map(({ field, code }) => `${field}:${code}`).toSorted();
}

/** A problem without what differs from request to request: for comparing two refusals. */
export function withoutRequestId(response: Response): unknown {
  return { ...(response.body as object), requestId: undefined };
}
