import type { Metrics } from '@kiki/metrics';
import { LeaseObserver } from '../../application/lease-observer.js';

/** Leases as metrics. */
export class LeaseMetrics extends LeaseObserver {
  private readonly asks;
  private readonly reports;
  private readonly closes;
  private readonly presumed;
  private readonly lag;

  constructor(metrics: Metrics) {
    super();
    this.asks = metrics.counter({
      name: 'leases_total',
      help: 'Asks for a slice by answer, repetitions included.',
      labelNames: ['answer'],
    });
    this.reports = metrics.counter({
      name: 'lease_reports_total',
      help: 'Reports of leases by what they changed.',
      labelNames: ['outcome'],
    });
    this.closes = metrics.counter({
      name: 'leases_expired_total',
      help: 'Leases of silent nodes that were closed after their grace.',
    });
    this.presumed = metrics.counter({
      name: 'lease_presumed_micros_total',
      help: 'Booked as spent by silent nodes; later reports correct it.',
    });
    this.lag = metrics.gauge({
      name: 'lease_close_lag_seconds',
      help: 'How late the latest lease of a silent node was closed.',
    });
  }

  override asked(answer: string): void {
    this.asks.inc({ answer });
  }

  override reported(outcome: string): void {
    this.reports.inc({ outcome });
  }

  override closed(lagMs: number, presumedMicros: bigint): void {
    this.closes.inc();
    this.presumed.inc(Number(presumedMicros));
    this.lag.set(lagMs / 1_000);
  }
}
