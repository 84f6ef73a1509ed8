import { DomainError } from '@kiki/kernel';
import type { Metrics } from '@kiki/metrics';
import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhen } from 'cockatiel';

/** How the breaker behaves. */
export interface BreakerOptions {
  /** Consecutive failures that open it. */
  readonly failures: number;
  /** How long it stays open before a probe, milliseconds. */
  readonly openMs: number;
}

const NAMES = ['closed', 'open', 'half_open', 'isolated'] as const;

/** Names of the breaker's states, as `/ready` and the metrics show them. */
export type BreakerState = (typeof NAMES)[number];

/**
 * Stops asking SyncValue after consecutive failures, until one probe succeeds. An answer that says no (no model yet, a
 * model that is gone) is an answer: it neither opens the circuit nor keeps it open.
 */
export class ValueBreaker {
  private readonly policy;

  constructor(options: BreakerOptions, metrics: Metrics) {
    this.policy = circuitBreaker(handleWhen(isOutage), {
      breaker: new ConsecutiveBreaker(options.failures),
      halfOpenAfter: options.openMs,
    });
    const gauge = metrics.gauge({
      name: 'value_breaker_state',
      help: 'Circuit breaker towards SyncValue: 0 closed, 1 open, 2 half-open.',
    });
    const opened = metrics.counter({
      name: 'value_breaker_opened_total',
      help: 'Times the circuit breaker towards SyncValue has opened.',
    });
    gauge.set(0);
    this.policy.onStateChange((state) => {
      gauge.set(state);
      if (state === CircuitState.Open) opened.inc();
    });
  }

  get state(): BreakerState {
    return NAMES[this.policy.state];
  }

  /** Runs `work`, or throws at once while the circuit is open; callers that meet a probe wait for its result. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return this.policy.execute(work);
  }
}

function isOutage(error: unknown): boolean {
  if (!DomainError.is(error)) return true;
  return error.isRetryable || error.kind === 'internal';
}
