import {
  DomainError,
  errorCatalogue,
  kernelErrors,
  type ErrorKind,
  type FieldProblem,
} from '@kiki/kernel';

/** The one table from an error's kind to its HTTP status. */
export const STATUS_OF_KIND: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unprocessable: 422,
  rate_limited: 429,
  cancelled: 499,
  internal: 500,
  unavailable: 503,
  deadline: 504,
};

/** Codes for which HTTP has a finer status than their kind. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = { media_type_unsupported: 415 };

/** The media type of every error answer (RFC 9457). */
export const PROBLEM_TYPE = 'application/problem+json';

/** Retry hint of an `unavailable` error that carries none, milliseconds. */
const DEFAULT_RETRY_MS = 1000;

/** An error answer as RFC 9457 has it, with our extensions. */
export interface Problem {
  /** `urn:kiki:error:<code>`; docs/errors.md describes each. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** What the caller can do about it. */
  readonly fix: string;
  readonly requestId: string;
  readonly fields?: readonly FieldProblem[];
  readonly retryAfterMs?: number;
  readonly [extension: string]: unknown;
}

/** An error answer with its headers, ready to send. */
export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Problem;
}

/** Any thrown value as an answer; what is not a DomainError tells the caller nothing about itself. */
export function problemOf(error: unknown, requestId: string): ProblemAnswer {
  const known = DomainError.is(error) ? error : kernelErrors.internal();
  const status = STATUS_OF_CODE[known.code] ?? STATUS_OF_KIND[known.kind];
  const row = errorCatalogue().get(known.code);
  const retryAfterMs = retryAfter(known);
  return {
    status,
    headers: headersFor(status, known, retryAfterMs),
    body: {
      ...known.details,
      type: `urn:kiki:error:${known.code}`,
      title: row?.title ?? known.message,
      status,
      code: known.code,
      detail: known.message,
      fix: row?.fix ?? 'Look up the code in the documentation.',
      requestId,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  };
}

/** Money in an error's details is a bigint in code and a JSON integer on the wire. */
export function problemJson(problem: Problem): string {
  return JSON.stringify(problem, (_key, value: unknown) =>
    typeof value === 'bigint'
      ? Number.isSafeInteger(Number(value))
        ? Number(value)
        : String(value)
      : value,
  );
}

function retryAfter(error: DomainError): number | undefined {
  if (error.details.retryAfterMs !== undefined) return error.details.retryAfterMs;
  return error.kind === 'unavailable' || error.kind === 'rate_limited'
    ? DEFAULT_RETRY_MS
    : undefined;
}

function headersFor(
  status: number,
  error: DomainError,
  retryAfterMs: number | undefined,
): Record<string, string> {
  const headers: Record<string, string> = { 'cache-control': 'no-store' };
  if (status === 401) {
    const detail = error.code === 'key_missing' ? '' : ', error="invalid_token"';
    headers['www-authenticate'] = `Bearer realm="kiki"${detail}`;
  }
  if (retryAfterMs !== undefined) headers['retry-after'] = String(Math.ceil(retryAfterMs / 1000));
  return headers;
}
