import type { Histogram } from 'prom-client';
import type { Metrics } from './metrics.js';

/** Records one observation of a duration, in seconds. */
interface Observer {
  observe(seconds: number): void;
}

/**
 * Rate, errors and duration of one kind of work. Label children are bound once per combination, so that a request costs
 * one map look-up.
 */
class RedHistogram<L extends string> {
  private readonly observers = new Map<string, Observer>();

  constructor(
    private readonly histogram: Histogram<L>,
    private readonly labelNames: readonly L[],
  ) {}

  protected record(labels: readonly string[], seconds: number): void {
    const key = labels.join(' ');
    let observer = this.observers.get(key);
    if (observer === undefined) {
      const named = Object.fromEntries(this.labelNames.map((name, i) => [name, labels[i] ?? '']));
      observer = this.histogram.labels(named as Record<L, string>);
      this.observers.set(key, observer);
    }
    observer.observe(seconds);
  }
}

/** `kiki_<service>_http_request_duration_seconds{method,route,status}`; `route` is the pattern, never the path. */
export class HttpRed extends RedHistogram<'method' | 'route' | 'status'> {
  constructor(metrics: Metrics) {
    const labelNames = ['method', 'route', 'status'] as const;
    const name = 'http_request_duration_seconds';
    super(metrics.histogram({ name, help: 'HTTP requests by route.', labelNames }), labelNames);
  }

  observe(method: string, route: string, status: number, seconds: number): void {
    this.record([method, route, String(status)], seconds);
  }
}

/** `kiki_<service>_grpc_call_duration_seconds{method,code}`; `code` is the gRPC status name. */
export class GrpcRed extends RedHistogram<'method' | 'code'> {
  constructor(metrics: Metrics) {
    const labelNames = ['method', 'code'] as const;
    const name = 'grpc_call_duration_seconds';
    super(metrics.histogram({ name, help: 'gRPC calls by method.', labelNames }), labelNames);
  }

  observe(method: string, code: string, seconds: number): void {
    this.record([method, code], seconds);
  }
}

/** `kiki_<service>_job_duration_seconds{queue,outcome}`. */
export class JobRed extends RedHistogram<'queue' | 'outcome'> {
  constructor(metrics: Metrics) {
    const labelNames = ['queue', 'outcome'] as const;
    const name = 'job_duration_seconds';
    super(metrics.histogram({ name, help: 'Queue jobs by queue.', labelNames }), labelNames);
  }

  observe(queue: string, outcome: 'completed' | 'failed' | 'dead', seconds: number): void {
    this.record([queue, outcome], seconds);
  }
}
