import type { Response } from 'supertest';

/** A list as the contract (§1) shows it. */
export interface ShownPage {
  items: Record<string, unknown>[];
  nextCursor: string | null;
}

/** The page of a successful answer. */
export function pageOf(response: Response): ShownPage {
  expect(response.status).toBe(200);
  const page = response.body as ShownPage;
  expect(Object.keys(page)).toEqual(['items', 'nextCursor']);
  return page;
}
