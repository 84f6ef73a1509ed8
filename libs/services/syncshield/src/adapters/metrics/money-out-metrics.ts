import type { Metrics } from '@kiki/metrics';
import { DeliveryObserver } from '../../application/money-out/delivery-observer.js';
import type {
  Delivery,
  OutboxTotals,
  SettledDelivery,
} from '../../application/money-out/outbox.js';

/** Delivery of events, reports of external spend and exports as metrics; no tenant is named. */
export class MoneyOutMetrics extends DeliveryObserver {
  private readonly attempts;
  private readonly lag;
  private readonly waiting;
  private readonly age;
  private readonly reports;
  private readonly rows;

  constructor(metrics: Metrics) {
    super();
    this.attempts = metrics.counter({
      name: 'event_deliveries_total',
      help: 'Attempts to deliver an event, by receiver and what became of them.',
      labelNames: ['receiver', 'outcome'],
    });
    this.lag = metrics.histogram({
      name: 'event_delivery_lag_seconds',
      help: 'From what happened until its event was delivered.',
      labelNames: ['receiver'],
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600, 3_600],
    });
    this.waiting = metrics.gauge({
      name: 'event_deliveries',
      help: 'Deliveries that are not through: pending, or given up (dead).',
      labelNames: ['state'],
    });
    this.age = metrics.gauge({
      name: 'event_delivery_oldest_seconds',
      help: 'For how long the oldest due delivery has been due.',
    });
    this.reports = metrics.counter({
      name: 'external_spend_reports_total',
      help: 'Reports of external spend by what became of them.',
      labelNames: ['status'],
    });
    this.rows = metrics.counter({
      name: 'export_rows_total',
      help: 'Rows of exports.',
      labelNames: ['kind'],
    });
  }

  override delivered({ state }: SettledDelivery, { webhook }: Delivery, ageMs: number): void {
    const receiver = webhook === undefined ? 'queue' : 'webhook';
    const outcome = state === 'pending' ? 'failed' : state;
    this.attempts.inc({ receiver, outcome });
    if (state === 'delivered') this.lag.observe({ receiver }, Math.max(0, ageMs) / 1_000);
  }

  /** Sets what waits now. */
  outbox({ pending, dead, oldestMs }: OutboxTotals): void {
    this.waiting.set({ state: 'pending' }, pending);
    this.waiting.set({ state: 'dead' }, dead);
    this.age.set(oldestMs / 1_000);
  }

  /** Counts a report of external spend. */
  reported(status: string): void {
    this.reports.inc({ status });
  }

  /** Counts a row of an export. */
  exported(kind: string): void {
    this.rows.inc({ kind });
  }
}
