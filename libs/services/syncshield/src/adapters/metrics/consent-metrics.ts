import type { Metrics } from '@kiki/metrics';
import { ConsentObserver } from '../../application/consent-observer.js';
import type { ConsentAnswer } from '../../domain/consent/judge-consent.js';

const SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

/** The consent registry as metrics. */
export class ConsentMetrics extends ConsentObserver {
  private readonly checks;
  private readonly seconds;
  private readonly records;

  constructor(metrics: Metrics) {
    super();
    this.checks = metrics.counter({
      name: 'consent_checks_total',
      help: 'Answers about consent by decision and reason.',
      labelNames: ['decision', 'reason'],
    });
    this.seconds = metrics.histogram({
      name: 'consent_check_duration_seconds',
      help: 'One call for consent with all its answers.',
      buckets: SECONDS,
    });
    this.records = metrics.counter({
      name: 'consent_records_total',
      help: 'Consents, withdrawals and objections that were recorded.',
      labelNames: ['action'],
    });
  }

  override checked(answers: readonly ConsentAnswer[], seconds: number): void {
    this.seconds.observe(seconds);
    for (const { isAllowed, reason } of answers) {
      this.checks.inc({ decision: isAllowed ? 'allowed' : 'denied', reason });
    }
  }

  override recorded(action: 'granted' | 'withdrawn' | 'objected', count: number): void {
    this.records.inc({ action }, count);
  }
}
