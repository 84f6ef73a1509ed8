import type { Metrics } from '@kiki/metrics';
import { AuditObserver } from '../../application/audit-observer.js';
import type { TreeTotals } from '../../application/audit-trees.js';

/** The audit logs as metrics; no tenant is named. */
export class AuditMetrics extends AuditObserver {
  /** What the last pass saw; undefined before the first. */
  latest: TreeTotals | undefined;
  private readonly leaves;
  private readonly pending;
  private readonly age;
  private readonly alarms;
  private readonly seconds;
  private readonly failures;

  constructor(metrics: Metrics) {
    super();
    this.leaves = metrics.gauge({
      name: 'audit_leaves',
      help: 'Audit records that signed checkpoints cover.',
    });
    this.pending = metrics.gauge({
      name: 'audit_pending_records',
      help: 'Audit records that no signed checkpoint covers yet.',
    });
    this.age = metrics.gauge({
      name: 'audit_checkpoint_age_seconds',
      help: 'Age of the oldest checkpoint whose log has grown since; 0 when none has.',
    });
    this.alarms = metrics.gauge({
      name: 'audit_alarms',
      help: 'Audit logs that contradict what was signed; nothing is signed for them.',
    });
    this.seconds = metrics.histogram({
      name: 'audit_pass_duration_seconds',
      help: 'One pass over the audit logs, anchoring included.',
    });
    this.failures = metrics.counter({
      name: 'audit_pass_failures_total',
      help: 'Passes over the audit logs that failed, e.g. because an anchor could not be written.',
    });
  }

  override passed(totals: TreeTotals, seconds: number): void {
    this.latest = totals;
    this.leaves.set(totals.leaves);
    this.pending.set(totals.pending);
    this.age.set(totals.checkpointAgeMs / 1_000);
    this.alarms.set(totals.alarms);
    this.seconds.observe(seconds);
  }

  override failed(): void {
    this.failures.inc();
  }
}
