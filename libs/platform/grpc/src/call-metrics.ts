import { status } from '@grpc/grpc-js';
import type { Metrics } from '@kiki/metrics';

/** Notes the start of one call; the returned function notes its end with the status that was answered. */
export type StartCall = (method: string) => (code: status) => void;

const BUCKETS_SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60,
];

interface MethodMetrics {
  readonly end: (code: status, startedMs: number) => void;
  readonly inFlight: { inc(): void; dec(): void };
}

/** Rate, errors and duration per method; label values are bound once per method and status. */
export function callMetrics(metrics: Metrics, nowMs: () => number): StartCall {
  const requests = metrics.counter({
    name: 'grpc_requests_total',
    help: 'gRPC calls answered, by method and status code.',
    labelNames: ['method', 'code'],
  });
  const duration = metrics.histogram({
    name: 'grpc_request_duration_seconds',
    help: 'Time from a gRPC call to the end of its answer.',
    labelNames: ['method'],
    buckets: BUCKETS_SECONDS,
  });
  const inFlight = metrics.gauge({
    name: 'grpc_requests_in_flight',
    help: 'gRPC calls being answered.',
    labelNames: ['method'],
  });
  const methods = new Map<string, MethodMetrics>();

  function bind(method: string): MethodMetrics {
    const codes = new Map<status, { inc(): void }>();
    const observer = duration.labels({ method });
    const end = (code: status, startedMs: number): void => {
      let counter = codes.get(code);
      if (!counter) codes.set(code, (counter = requests.labels({ method, code: status[code] })));
      counter.inc();
      observer.observe((nowMs() - startedMs) / 1000);
    };
    return { end, inFlight: inFlight.labels({ method }) };
  }

  return (method) => {
    let bound = methods.get(method);
    if (!bound) methods.set(method, (bound = bind(method)));
    const { end, inFlight: gauge } = bound;
    const startedMs = nowMs();
    gauge.inc();
    return (code) => {
      gauge.dec();
      end(code, startedMs);
    };
  };
}
