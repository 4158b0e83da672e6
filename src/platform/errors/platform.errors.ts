import { defineProblem } from './problem.js';

export const validationFailed = defineProblem(
  'VALIDATION_FAILED',
  400,
  'The input is not valid',
  'One or more fields are missing, unknown or of the wrong form; "errors" lists them.',
);
export const malformedBody = defineProblem(
  'MALFORMED_BODY',
  400,
  'The body cannot be read',
  'The body is not well-formed JSON in UTF-8.',
);
export const unauthenticated = defineProblem(
  'UNAUTHENTICATED',
  401,
  'Sign-in needed',
  'This route needs a valid access token: Authorization: Bearer <access token>.',
);
export const sessionEnded = defineProblem(
  'SESSION_ENDED',
  401,
  'The session has ended',
  'The session was ended, was idle for too long, or is too old. Sign in again.',
);
export const forbidden = defineProblem(
  'FORBIDDEN',
  403,
  'Not allowed',
  'Your role does not allow this action.',
);
export const stepUpRequired = defineProblem(
  'STEP_UP_REQUIRED',
  403,
  'Fresh proof needed',
  'This action needs a recent proof of identity: call POST /auth/step-up and repeat it with the new access token.',
);
export const csrfRefused = defineProblem(
  'CSRF_REFUSED',
  403,
  'Refused as a possible forgery',
  'A request that relies on a cookie must carry the header X-Requested-With.',
);
export const httpsRequired = defineProblem(
  'HTTPS_REQUIRED',
  403,
  'HTTPS needed',
  'This service answers over HTTPS only; the request was not read.',
);
export const notFound = defineProblem(
  'NOT_FOUND',
  404,
  'Not found',
  'There is nothing here that you may see.',
);
export const conflict = defineProblem(
  'CONFLICT',
  409,
  'Conflict',
  'Somebody changed this at the same moment, or it exists already.',
);
export const payloadTooLarge = defineProblem(
  'PAYLOAD_TOO_LARGE',
  413,
  'Too large',
  'The body is larger than this route accepts.',
);
export const unsupportedMediaType = defineProblem(
  'UNSUPPORTED_MEDIA_TYPE',
  415,
  'Content type not supported',
  'Send the body as application/json in UTF-8.',
);
export const rateLimited = defineProblem(
  'RATE_LIMITED',
  429,
  'Too many requests',
  'Too many requests; wait for the time given and try again.',
);
export const badRequest = defineProblem(
  'BAD_REQUEST',
  400,
  'Bad request',
  'The request cannot be understood.',
);
export const requestTimeout = defineProblem(
  'REQUEST_TIMEOUT',
  408,
  'Request too slow',
  'The request did not arrive in time.',
);
export const expectationFailed = defineProblem(
  'EXPECTATION_FAILED',
  417,
  'Expectation not met',
  'The header field Expect may say 100-continue and nothing else.',
);
export const headersTooLarge = defineProblem(
  'HEADERS_TOO_LARGE',
  431,
  'Header fields too large',
  'The header fields are larger than this service accepts.',
);
export const uriTooLong = defineProblem('URI_TOO_LONG', 414, 'Address too long', 'The address is too long.');
export const internal = defineProblem(
  'INTERNAL',
  500,
  'Internal error',
  'Something went wrong on our side. Quote the request id when you ask for help.',
);
export const unavailable = defineProblem(
  'UNAVAILABLE',
  503,
  'Temporarily unavailable',
  'The service cannot answer right now; nothing was changed. Try again shortly.',
);
