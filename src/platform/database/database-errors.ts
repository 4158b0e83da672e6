import { Prisma } from './generated/client.js';

/** Prisma codes that mean "not just now": unreachable, timed out, pool exhausted, closed, transaction lost, deadlock. */
const UNAVAILABLE_PRISMA_CODES = new Set([
  'P1000',
  'P1001',
  'P1002',
  'P1008',
  'P1011',
  'P1017',
  'P2024',
  'P2028',
  'P2034',
  'P2037',
]);
/** Names of driver adapter errors of the same meaning. */
const UNAVAILABLE_ADAPTER_KINDS = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'TlsConnectionError',
  'TransactionAlreadyClosed',
  'TransactionWriteConflict',
]);
/** SQLSTATE classes 08 (connection), 53 (resources), 57 (shutdown, cancelled); and Node's socket errors. */
const UNAVAILABLE_DRIVER_CODE = /^(08|53|57)|^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)$/;
const UNAVAILABLE_MESSAGE =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/;

/** Whether the database could not be asked, as opposed to having refused: the caller gets 503 and may repeat. */
export function isDatabaseUnavailable(error: unknown, depth = 0): boolean {
  if (!(error instanceof Error) || depth > 4) return false;
  if (error instanceof Prisma.PrismaClientInitializationError) return true;
  if (error instanceof Prisma.PrismaClientKnownRequestError && UNAVAILABLE_PRISMA_CODES.has(error.code))
    return true;
  const { code, cause, meta } = error as {
    code?: unknown;
    cause?: unknown;
    meta?: { driverAdapterError?: unknown };
  };
  if (typeof code === 'string' && UNAVAILABLE_DRIVER_CODE.test(code)) return true;
  if (UNAVAILABLE_MESSAGE.test(error.message)) return true;
  if (isAdapterCause(cause)) return true;
  return (
    isDatabaseUnavailable(meta?.driverAdapterError, depth + 1) || isDatabaseUnavailable(cause, depth + 1)
  );
}

/** Whether a unique index refused the write; `field` narrows it to an index that names it. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';
}

function isAdapterCause(cause: unknown): boolean {
  if (typeof cause !== 'object' || cause === null) return false;
  const { kind, originalCode } = cause as { kind?: unknown; originalCode?: unknown };
  return (
    (typeof kind === 'string' && UNAVAILABLE_ADAPTER_KINDS.has(kind)) ||
    (typeof originalCode === 'string' && UNAVAILABLE_DRIVER_CODE.test(originalCode))
  );
}
