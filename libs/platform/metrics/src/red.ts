import type { DurationHistogram, DurationSeries } from './durations.js';
import type { Metrics } from './metrics.js';

/** The value at a key, made when it is not there. */
function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

/** Rate, errors and duration of one kind of work that has two labels. */
class RedByTwo {
  private readonly histogram: DurationHistogram;
  private readonly series = new Map<string, Map<string, DurationSeries>>();

  constructor(
    metrics: Metrics,
    private readonly labelNames: readonly [string, string],
    options: { readonly name: string; readonly help: string },
  ) {
    this.histogram = metrics.durations(options);
  }

  protected record(first: string, second: string, seconds: number): void {
    const [firstName, secondName] = this.labelNames;
    const bySecond = getOrAdd(this.series, first, () => new Map<string, DurationSeries>());
    getOrAdd(bySecond, second, () =>
      this.histogram.series({ [firstName]: first, [secondName]: second }),
    ).observe(seconds);
  }
}

/** `kiki_<service>_http_request_duration_seconds{method,route,status}`; `route` is the pattern, never the path. */
export class HttpRed {
  private readonly histogram: DurationHistogram;
  private readonly series = new Map<string, Map<string, Map<number, DurationSeries>>>();

  constructor(metrics: Metrics) {
    const name = 'http_request_duration_seconds';
    this.histogram = metrics.durations({ name, help: 'HTTP requests by route.' });
  }

  observe(method: string, route: string, status: number, seconds: number): void {
    const byMethod = getOrAdd(
      this.series,
      route,
      () => new Map<string, Map<number, DurationSeries>>(),
    );
    const byStatus = getOrAdd(byMethod, method, () => new Map<number, DurationSeries>());
    getOrAdd(byStatus, status, () =>
      this.histogram.series({ method, route, status: String(status) }),
    ).observe(seconds);
  }
}

/** `kiki_<service>_grpc_call_duration_seconds{method,code}`; `code` is the gRPC status name. */
export class GrpcRed extends RedByTwo {
  constructor(metrics: Metrics) {
    const name = 'grpc_call_duration_seconds';
    super(metrics, ['method', 'code'], { name, help: 'gRPC calls by method.' });
  }

  observe(method: string, code: string, seconds: number): void {
    this.record(method, code, seconds);
  }
}

/** `kiki_<service>_job_duration_seconds{queue,outcome}`. */
export class JobRed extends RedByTwo {
  constructor(metrics: Metrics) {
    const name = 'job_duration_seconds';
    super(metrics, ['queue', 'outcome'], { name, help: 'Queue jobs by queue.' });
  }

  observe(queue: string, outcome: 'completed' | 'failed' | 'dead', seconds: number): void {
    this.record(queue, outcome, seconds);
  }
}
