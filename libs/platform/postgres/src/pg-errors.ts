import { DomainError, kernelErrors } from '@kiki/kernel';
import { errors } from './errors.js';

const RETRYABLE = new Set(['40001', '40P01']);
const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P05', // idle_session_timeout
  '25P03', // idle_in_transaction_session_timeout ends the session
  '53300', // too_many_connections
]);
const CONNECTION_MESSAGE = new RegExp(
  [
    'connection terminated',
    'connection error',
    'not queryable',
    'timeout exceeded when trying to connect',
    'query read timeout',
    'client was closed',
  ].join('|'),
  'i',
);

/** The SQLSTATE or system code of an error, or undefined. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** A serialization failure or a deadlock: the whole transaction may be run again. */
export function isSerializationFailure(error: unknown): boolean {
  return RETRYABLE.has(errorCode(error) ?? '');
}

/** The connection is gone or could not be made; nothing more can be asked on it. */
export function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error) && typeof (error as { message?: unknown })?.message !== 'string') {
    return false;
  }
  const code = errorCode(error);
  if (code !== undefined && (CONNECTION_CODES.has(code) || /^08...$/.test(code))) return true;
  return CONNECTION_MESSAGE.test((error as Error).message);
}

/**
 * Turns what a driver threw into the catalogue's error where the caller can act on it; constraint violations and
 * other SQL errors stay as they are, with their SQLSTATE in `code`.
 */
export function mapError(error: unknown): unknown {
  if (DomainError.is(error)) return error;
  if (isConnectionError(error)) {
    const pooled = pooledUrlError(error);
    if (pooled !== undefined) return pooled;
    return kernelErrors.unavailable(
      `The database cannot be reached: ${(error as Error).message}`,
      { retryAfterMs: 1000 },
      { cause: error },
    );
  }
  const code = errorCode(error);
  if (code === '57014' || code === '55P03') {
    const message = `The database did not answer in time: ${(error as Error).message}`;
    return kernelErrors.deadline_exceeded(message, {}, { cause: error });
  }
  if (code === '53100' || code === '53200') {
    const message = `The database is out of resources: ${(error as Error).message}`;
    return kernelErrors.unavailable(message, {}, { cause: error });
  }
  return error;
}

function pooledUrlError(error: unknown): DomainError | undefined {
  if (!/unsupported startup parameter/i.test((error as Error).message)) return undefined;
  return errors.postgres_pooled_url(
    `DATABASE_URL leads to a pooler (${(error as Error).message}). Set DATABASE_DIRECT_URL.`,
    {},
    { cause: error },
  );
}
