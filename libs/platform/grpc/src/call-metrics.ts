import { status } from '@grpc/grpc-js';
import { GrpcRed, type Metrics } from '@kiki/metrics';

/** Notes the start of one call; the returned function notes its end with the status that was answered. */
export type StartCall = (method: string) => (code: status) => void;

/** Rate, errors and duration per method, and how many calls are being answered. */
export function callMetrics(metrics: Metrics, nowMs: () => number): StartCall {
  const red = new GrpcRed(metrics);
  const inFlight = new Map<string, number>();
  metrics.gauge({
    name: 'grpc_calls_in_flight',
    help: 'gRPC calls being answered, by method.',
    labelNames: ['method'],
    // Counted here: a gauge checks and hashes its labels at each step.
    collect: (gauge) => {
      for (const [method, calls] of inFlight) gauge.set({ method }, calls);
    },
  });

  return (method) => {
    const startedMs = nowMs();
    inFlight.set(method, (inFlight.get(method) ?? 0) + 1);
    return (code) => {
      inFlight.set(method, (inFlight.get(method) ?? 1) - 1);
      red.observe(method, status[code], (nowMs() - startedMs) / 1000);
    };
  };
}
