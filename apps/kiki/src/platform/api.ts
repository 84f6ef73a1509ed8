import { answerOf } from '@kiki/api-client';
import { kernelErrors } from '@kiki/kernel';
import { setTimeout as sleep } from 'node:timers/promises';

const TIMEOUT_MS = 90_000;
/** A service that is being restarted is waited for this long. */
const RESTART_MS = 30_000;
const RETRY_MS = 250;

/** What one call may carry besides its path. */
export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** JSON calls of one service with one key; problem documents come back as the errors that were thrown. */
export class Api {
  constructor(
    readonly baseUrl: string,
    private readonly key: string,
  ) {}

  get<T>(path: string, options?: CallOptions): Promise<T> {
    return this.call<T>('GET', path, options);
  }

  post<T>(path: string, body: unknown, options?: CallOptions): Promise<T> {
    return this.call<T>('POST', path, { ...options, body });
  }

  /** Every item of a list that is answered page by page. */
  async *pages<T>(path: string, signal?: AbortSignal): AsyncGenerator<T> {
    let cursor: string | null = null;
    do {
      const next = cursor === null ? path : `${path}&cursor=${encodeURIComponent(cursor)}`;
      const page: { items: T[]; nextCursor: string | null } = await this.get(next, {
        ...(signal === undefined ? {} : { signal }),
      });
      yield* page.items;
      cursor = page.nextCursor ?? null;
    } while (cursor !== null);
  }

  /** As {@link pages}, all at once. */
  async all<T>(path: string, signal?: AbortSignal): Promise<T[]> {
    const items: T[] = [];
    for await (const item of this.pages<T>(path, signal)) items.push(item);
    return items;
  }

  /** An answer that is plain text. */
  async text(path: string, options: CallOptions = {}): Promise<string> {
    const response = await this.send('GET', path, options);
    if (!response.ok) await answerOf(problem(response));
    return response.text();
  }

  /** The bytes of an answer, e.g. an image. */
  async bytes(path: string): Promise<Buffer> {
    const response = await this.send('GET', path, {});
    if (!response.ok) await answerOf(problem(response));
    return Buffer.from(await response.arrayBuffer());
  }

  private async call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    const response = await this.send(method, path, options);
    return await answerOf(response.ok ? success<T>(response) : problem(response));
  }

  private async send(method: string, path: string, options: CallOptions): Promise<Response> {
    const untilMs = performance.now() + RESTART_MS;
    for (;;) {
      try {
        return await this.attempt(method, path, options);
      } catch (cause) {
        const { signal } = options;
        if (signal?.aborted) throw kernelErrors.cancelled(undefined, {}, { cause });
        if (!mayRepeat(method, cause) || performance.now() > untilMs) {
          throw kernelErrors.unavailable(`${this.baseUrl} did not answer.`, {}, { cause });
        }
        await sleep(RETRY_MS);
      }
    }
  }

  private attempt(method: string, path: string, options: CallOptions): Promise<Response> {
    const { body, headers, signal } = options;
    const late = AbortSignal.timeout(TIMEOUT_MS);
    return fetch(`${this.baseUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: signal === undefined ? late : AbortSignal.any([signal, late]),
    });
  }
}

/** What a service that is being restarted does to a connection: refuses it, resets it, ends it without an answer. */
const RESTARTING = new Set(['ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET']);

/** A refused connection has carried nothing, so that any call may be repeated; of others only a reading may be. */
function mayRepeat(method: string, error: unknown): boolean {
  const code = (error as { readonly cause?: { readonly code?: string } }).cause?.code ?? '';
  return code === 'ECONNREFUSED' || (method === 'GET' && RESTARTING.has(code));
}

async function success<T>(response: Response): Promise<{ data: T; response: Response }> {
  const text = await response.text();
  return { data: (text === '' ? {} : JSON.parse(text)) as T, response };
}

async function problem(response: Response): Promise<{ error: unknown; response: Response }> {
  const text = await response.text();
  try {
    return { error: JSON.parse(text) as unknown, response };
  } catch {
    return { error: text, response };
  }
}
