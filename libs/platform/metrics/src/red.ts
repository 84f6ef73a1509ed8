import type { DurationHistogram } from './durations.js';
import type { Metrics } from './metrics.js';

/** `kiki_<service>_http_request_duration_seconds{method,route,status}`; `route` is the pattern, never the path. */
export class HttpRed {
  private readonly histogram: DurationHistogram;

  constructor(metrics: Metrics) {
    this.histogram = metrics.durations({
      name: 'http_request_duration_seconds',
      help: 'HTTP requests by route.',
      labelNames: ['method', 'route', 'status'],
    });
  }

  observe(method: string, route: string, status: number, seconds: number): void {
    this.histogram.observe(seconds, method, route, status);
  }
}

/** `kiki_<service>_grpc_call_duration_seconds{method,code}`; `code` is the gRPC status name. */
export class GrpcRed {
  private readonly histogram: DurationHistogram;

  constructor(metrics: Metrics) {
    this.histogram = metrics.durations({
      name: 'grpc_call_duration_seconds',
      help: 'gRPC calls by method.',
      labelNames: ['method', 'code'],
    });
  }

  observe(method: string, code: string, seconds: number): void {
    this.histogram.observe(seconds, method, code);
  }
}

/** `kiki_<service>_job_duration_seconds{queue,outcome}`. */
export class JobRed {
  private readonly histogram: DurationHistogram;

  constructor(metrics: Metrics) {
    this.histogram = metrics.durations({
      name: 'job_duration_seconds',
      help: 'Queue jobs by queue.',
      labelNames: ['queue', 'outcome'],
    });
  }

  observe(queue: string, outcome: 'completed' | 'failed' | 'dead', seconds: number): void {
    this.histogram.observe(seconds, queue, outcome);
  }
}
