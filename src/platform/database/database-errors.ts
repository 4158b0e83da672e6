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

/** SQLSTATE 40001 and 40P01: PostgreSQL took the work of one side back, so that the other could go on. */
const CONFLICT_DRIVER_CODE = /^40(001|P01)$/;

/** Whether two pieces of work stood in each other's way, and this one was taken back: it can be done again at once. */
export function isWriteConflict(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 4) return false;
  const { code, kind, originalCode, cause, meta } = error as {
    code?: unknown;
    kind?: unknown;
    originalCode?: unknown;
    cause?: unknown;
    meta?: { driverAdapterError?: unknown };
  };
  if (code === 'P2034' || kind === 'TransactionWriteConflict') return true;
  if ([code, originalCode].some((state) => typeof state === 'string' && CONFLICT_DRIVER_CODE.test(state)))
    return true;
  return isWriteConflict(meta?.driverAdapterError, depth + 1) || isWriteConflict(cause, depth + 1);
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
