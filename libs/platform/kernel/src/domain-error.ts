/**
 * What kind of trouble an error is. One table per transport maps a kind to a status (HTTP, gRPC) and to "retry or not".
 */
export type ErrorKind =
  | 'invalid' // the request is malformed or breaks a rule: 400 / INVALID_ARGUMENT
  | 'unauthenticated' // 401 / UNAUTHENTICATED
  | 'forbidden' // 403 / PERMISSION_DENIED
  | 'not_found' // 404 / NOT_FOUND
  | 'conflict' // same id, other body; wrong state: 409 / ALREADY_EXISTS
  | 'unprocessable' // well-formed, but cannot be done as things stand: 422 / FAILED_PRECONDITION
  | 'too_large' // 413 / RESOURCE_EXHAUSTED
  | 'rate_limited' // 429 / RESOURCE_EXHAUSTED, retry after details.retryAfterMs
  | 'unavailable' // 503 / UNAVAILABLE, retry
  | 'deadline' // 504 / DEADLINE_EXCEEDED, retry
  | 'cancelled' // 499 / CANCELLED
  | 'internal'; // 500 / INTERNAL

/** One problem with one named field of the input. */
export interface FieldProblem {
  /** Path in the caller's own names, e.g. `opportunities[3].floorMicros`. */
  readonly field: string;
  /** What was expected, e.g. `an integer number of micros from 0 to 9007199254740991`. */
  readonly expected: string;
}

/** What an error may carry besides its code; everything here is shown to the caller, so no secrets. */
export interface ErrorDetails {
  readonly fields?: readonly FieldProblem[];
  /** Milliseconds after which a retry makes sense. */
  readonly retryAfterMs?: number;
  readonly [key: string]: unknown;
}

/**
 * A fault with a stable code from the catalogue. Expected refusals (an exhausted budget) are return values, not this.
 */
export class DomainError extends Error {
  override readonly name = 'DomainError';

  constructor(
    readonly code: string,
    readonly kind: ErrorKind,
    message: string,
    readonly details: ErrorDetails = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }

  /** True when the same call may succeed later unchanged. */
  get isRetryable(): boolean {
    return this.kind === 'rate_limited' || this.kind === 'unavailable' || this.kind === 'deadline';
  }

  /** Recognises a DomainError also across duplicate copies of this package. */
  static is(error: unknown): error is DomainError {
    return (
      error instanceof Error &&
      error.name === 'DomainError' &&
      typeof (error as { code?: unknown }).code === 'string' &&
      typeof (error as { kind?: unknown }).kind === 'string'
    );
  }
}
