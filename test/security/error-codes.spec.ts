import '../../src/app.module.js';
import { defineProblem, listProblemDefinitions } from '../../src/platform/errors/problem.js';

/** Callers branch on these: a line may be added here, never changed (contract §1). */
const PUBLISHED: Record<string, number> = {
  BAD_REQUEST: 400,
  BALANCE_TOO_LOW: 402,
  CAPTCHA_REQUIRED: 403,
  CHALLENGE_REFUSED: 401,
  CONFLICT: 409,
  CSRF_REFUSED: 403,
  EXPECTATION_FAILED: 417,
  FILE_REFUSED: 422,
  FORBIDDEN: 403,
  HEADERS_TOO_LARGE: 431,
  HTTPS_REQUIRED: 403,
  INTERNAL: 500,
  INVALID_CREDENTIALS: 401,
  LAST_ADMIN: 409,
  MALFORMED_BODY: 400,
  NOT_FOUND: 404,
  PASSWORD_REFUSED: 400,
  PAYLOAD_TOO_LARGE: 413,
  QUOTA_EXCEEDED: 409,
  RATE_LIMITED: 429,
  REGISTRATION_CLOSED: 403,
  REQUEST_TIMEOUT: 408,
  SESSION_ENDED: 401,
  STEP_UP_REQUIRED: 403,
  TWO_FACTOR_CODE_REFUSED: 401,
  TWO_FACTOR_NOT_ENABLED: 409,
  UNAUTHENTICATED: 401,
  UNAVAILABLE: 503,
  UNSUPPORTED_MEDIA_TYPE: 415,
  URI_TOO_LONG: 414,
  VALIDATION_FAILED: 400,
};

describe('error codes', () => {
  it('are the published ones with the published status, and no other [O-7]', () => {
    const declared = listProblemDefinitions().map(({ code, status }) => [code, status]);
    expect(Object.fromEntries(declared)).toEqual(PUBLISHED);
    expect(declared).toHaveLength(Object.keys(PUBLISHED).length);
  });

  it('cannot be declared twice', () => {
    expect(() => defineProblem('NOT_FOUND', 404, 'Again', 'Once more.')).toThrow(/declared twice/);
  });

  it('tell a person what is wrong in a sentence that names nothing of the inside [V16.5.1]', () => {
    for (const { code, title, detail } of listProblemDefinitions()) {
      expect(code).toMatch(/^[A-Z][A-Z_]+$/);
      expect(title).toMatch(/^[A-Z].*[^.]$/);
      expect(detail).toMatch(/^[A-Z].*\.$/);
      expect(detail).not.toMatch(/prisma|postgres|sql|fastify|nest|node|exception|stack/i);
    }
  });
});
