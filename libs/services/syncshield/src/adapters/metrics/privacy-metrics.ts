import type { Metrics } from '@kiki/metrics';
import { PrivacyObserver } from '../../application/privacy/privacy-observer.js';

/** Requests of data subjects as metrics; no label names anybody. */
export class PrivacyMetrics extends PrivacyObserver {
  private readonly steps;
  private readonly open;
  private readonly overdue;

  constructor(metrics: Metrics) {
    super();
    this.steps = metrics.counter({
      name: 'privacy_steps_total',
      help: 'Answers of services to requests of data subjects: confirmed, or the code of why not.',
      labelNames: ['service', 'outcome'],
    });
    this.open = metrics.gauge({
      name: 'privacy_open_requests',
      help: 'Requests of data subjects that have not ended.',
    });
    this.overdue = metrics.gauge({
      name: 'privacy_overdue_requests',
      help: 'Open requests of data subjects beyond their deadline: alert on any.',
    });
  }

  override stepped(service: string, outcome: string): void {
    this.steps.inc({ service, outcome });
  }

  override counted({ open, overdue }: { readonly open: number; readonly overdue: number }): void {
    this.open.set(open);
    this.overdue.set(overdue);
  }
}
