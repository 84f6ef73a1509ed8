import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request as send } from 'undici';

/**
 * A call as openapi-fetch hands it on. It and {@link PlainResponse} stand in for the standard's Request and Response,
 * whose streams cost several times the exchange itself.
 */
export class PlainRequest {
  readonly method: string;
  readonly headers: Headers;
  readonly body: string | null;
  readonly signal: AbortSignal | undefined;

  constructor(
    readonly url: string,
    init: { method: string; headers: Headers; body?: string; signal?: AbortSignal },
  ) {
    this.method = init.method;
    this.headers = init.headers;
    this.body = init.body ?? null;
    this.signal = init.signal;
  }
}

/** A whole answer: its body is here already. */
export class PlainResponse {
  readonly headers: { get(name: string): string | null };

  constructor(
    readonly url: string,
    readonly status: number,
    headers: IncomingHttpHeaders,
    private readonly bytes: ArrayBuffer,
  ) {
    this.headers = { get: (name) => headers[name.toLowerCase()]?.toString() ?? null };
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  async text(): Promise<string> {
    return Buffer.from(this.bytes).toString('utf8');
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text()) as unknown;
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return this.bytes;
  }
}

/** Connections to services, kept as long as they let them. */
const agent = new Agent();

/**
 * Sends a call and reads its answer to the end. Redirects are not followed.
 * @throws what undici throws; the reason of `signal`; a RangeError on a redirect
 */
export async function exchange(call: PlainRequest, signal: AbortSignal): Promise<PlainResponse> {
  const { method, headers, body, url } = call;
  const answer = await send(url, {
    ...{ method, headers, body, signal, dispatcher: agent },
  });
  const bytes = await answer.body.arrayBuffer();
  const { statusCode } = answer;
  if (statusCode >= 300 && statusCode < 400) throw new RangeError(`redirected: ${statusCode}`);
  return new PlainResponse(url, statusCode, answer.headers, bytes);
}
