import { status } from '@grpc/grpc-js';
import { GrpcRed, type Metrics } from '@kiki/metrics';

/** Notes the start of one call; the returned function notes its end with the status that was answered. */
export type StartCall = (method: string) => (code: status) => void;

/** Rate, errors and duration per method, and how many calls are being answered. */
export function callMetrics(metrics: Metrics, nowMs: () => number): StartCall {
  const red = new GrpcRed(metrics);
  const inFlight = metrics.gauge({
    name: 'grpc_calls_in_flight',
    help: 'gRPC calls being answered, by method.',
    labelNames: ['method'],
  });
  const gauges = new Map<string, { inc(): void; dec(): void }>();

  return (method) => {
    let gauge = gauges.get(method);
    if (!gauge) gauges.set(method, (gauge = inFlight.labels({ method })));
    const startedMs = nowMs();
    gauge.inc();
    return (code) => {
      gauge.dec();
      red.observe(method, status[code], (nowMs() - startedMs) / 1000);
    };
  };
}
