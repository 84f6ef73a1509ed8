import { DomainError, kernelErrors, type ErrorDetails, type ErrorKind } from '@kiki/kernel';
import createClient, { type Client } from 'openapi-fetch';
import { exchange, PlainRequest, type PlainResponse } from './exchange.js';

/** How a client of one service is made. */
export interface ApiClientOptions {
  /** e.g. `http://127.0.0.1:8081`. */
  readonly baseUrl: string;
  /** Longest time of one call, milliseconds. @default 10000 */
  readonly timeoutMs?: number;
  /** Sent with every call, e.g. the authorization. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What openapi-fetch gives back. */
export interface ApiAnswer<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

const DEFAULT_TIMEOUT_MS = 10_000;

const KIND_OF_STATUS: Readonly<Record<number, ErrorKind>> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  413: 'too_large',
  422: 'unprocessable',
  429: 'rate_limited',
  502: 'unavailable',
  503: 'unavailable',
  504: 'deadline',
};

/**
 * A typed client over the generated `paths` of a contract: `api.POST('/v1/holds', { body, headers })`, then
 * {@link answerOf} for the data or the service's own error. Redirects are not followed; nothing is retried.
 */
export function createApi<P extends object>(options: ApiClientOptions): Client<P> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  return createClient<P>({
    baseUrl: options.baseUrl,
    headers: { ...options.headers },
    Request: PlainRequest as unknown as typeof Request,
    fetch: (request) =>
      bounded(
        request as unknown as PlainRequest,
        timeoutMs,
      ) as Promise<unknown> as Promise<Response>,
  });
}

/**
 * The data of an answer. @throws the service's own code; unavailable, deadline_exceeded when there was no answer
 */
export async function answerOf<T>(call: Promise<ApiAnswer<T>>): Promise<NonNullable<T>> {
  const { data, error, response } = await call.catch(unreadable);
  if (!response.ok) throw errorOf(response, error);
  return data as NonNullable<T>;
}

function unreadable(cause: unknown): never {
  if (DomainError.is(cause)) throw cause;
  throw kernelErrors.internal('The answer of a service cannot be read.', {}, { cause });
}

async function bounded(call: PlainRequest, timeoutMs: number): Promise<PlainResponse> {
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    return await exchange(call, call.signal ? AbortSignal.any([call.signal, limit]) : limit);
  } catch (cause) {
    throw noAnswer(cause, call, timeoutMs);
  }
}

function noAnswer(cause: unknown, request: PlainRequest, timeoutMs: number): DomainError {
  const place = new URL(request.url).origin;
  const { name } = cause as { name?: unknown };
  if (name === 'TimeoutError') {
    return kernelErrors.deadline_exceeded(
      `${place} did not answer within ${timeoutMs} ms.`,
      {},
      { cause },
    );
  }
  if (name === 'AbortError') return kernelErrors.cancelled(undefined, {}, { cause });
  return kernelErrors.unavailable(`${place} cannot be reached.`, {}, { cause });
}

/** A problem document as the error that the service threw; anything else by its status alone. */
function errorOf(response: Response, body: unknown): DomainError {
  const kind = KIND_OF_STATUS[response.status] ?? 'internal';
  if (typeof body !== 'object' || body === null || !('code' in body)) {
    return new DomainError(
      kind === 'unavailable' ? 'unavailable' : 'internal',
      kind,
      `${new URL(response.url).origin} answered ${response.status} without a problem document.`,
    );
  }
  const { code, detail, title, fields, retryAfterMs } = body as Record<string, unknown>;
  const details = {
    ...(Array.isArray(fields) ? { fields } : {}),
    ...(typeof retryAfterMs === 'number' ? { retryAfterMs } : {}),
  } as ErrorDetails;
  const message = typeof detail === 'string' ? detail : String(title);
  return new DomainError(String(code), kind, message, details);
}
