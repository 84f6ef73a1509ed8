import autocannon from 'autocannon';

/** What one round of load showed. */
export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p99Ms: number;
  readonly failures: number;
}

/** One request, repeated. */
export interface LoadOptions {
  readonly url: string;
  readonly seconds: number;
  readonly connections: number;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  /** `[<id>]` in it becomes another id in every request. */
  readonly body?: string;
  /** Requests a second in all; undefined: as many as are answered. */
  readonly rate?: number;
}

/**
 * Loads a URL from this process. At full rate the client polls instead of sleeping between answers: a
 * server slower than its client would else also pay for waking it with each answer, about 10 µs on a
 * virtual machine, which a faster peer does not pay because it keeps the client awake.
 */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const { url, seconds, connections, method = 'GET', headers, body, rate } = options;
  const stopPolling = rate === undefined ? keepPolling() : undefined;
  const result = await autocannon({
    url,
    duration: seconds,
    connections,
    method,
    ...(headers === undefined ? {} : { headers }),
    ...(body === undefined ? {} : { body, idReplacement: body.includes('[<id>]') }),
    ...(rate === undefined ? {} : { overallRate: rate }),
  });
  stopPolling?.();
  return {
    requestsPerSecond: result.requests.average,
    p99Ms: result.latency.p99,
    failures: result.non2xx + result.errors + result.timeouts,
  };
}

/** Keeps the event loop of this process from sleeping until the function it returns is called. */
export function keepPolling(): () => void {
  let isPolling = true;
  const poll = (): void => {
    if (isPolling) setImmediate(poll);
  };
  poll();
  return () => {
    isPolling = false;
  };
}
