import { DomainError } from '@kiki/kernel';
import type { Metrics } from '@kiki/metrics';
import type { LedgerOutcome, ReleaseReport } from '../../application/ledger.js';
import { LedgerObserver } from '../../application/ledger-observer.js';

const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** The money path as metrics. */
export class LedgerMetrics extends LedgerObserver {
  private readonly holds;
  private readonly rules;
  private readonly settlements;
  private readonly entries;
  private readonly batchSize;
  private readonly seconds;
  private readonly failures;
  private readonly releases;
  private readonly releaseLag;

  constructor(metrics: Metrics) {
    super();
    this.holds = metrics.counter({
      name: 'holds_total',
      help: 'Decided holds, repetitions included.',
      labelNames: ['decision', 'reason'],
    });
    this.rules = metrics.counter({
      name: 'policy_denials_total',
      help: 'Holds that a rule denied, repetitions included.',
      labelNames: ['rule'],
    });
    this.settlements = metrics.counter({
      name: 'settlements_total',
      help: 'Settlements by outcome, repetitions included.',
      labelNames: ['outcome'],
    });
    this.entries = metrics.counter({
      name: 'entries_total',
      help: 'Entries without a hold by what became of them, repetitions included.',
      labelNames: ['outcome'],
    });
    this.batchSize = metrics.histogram({
      name: 'batch_size',
      help: 'Commands that shared one transaction.',
      buckets: BATCH_SIZES,
    });
    this.seconds = metrics.histogram({
      name: 'ledger_duration_seconds',
      help: 'One transaction of the ledger, commit included.',
      labelNames: ['outcome'],
    });
    this.failures = metrics.counter({
      name: 'ledger_failures_total',
      help: 'Transactions of the ledger that came to nothing.',
      labelNames: ['code'],
    });
    this.releases = metrics.counter({
      name: 'holds_released_total',
      help: 'Holds whose money was given back by the sweeper.',
    });
    this.releaseLag = metrics.gauge({
      name: 'release_lag_seconds',
      help: 'How late the most overdue hold of the last pass was.',
    });
  }

  override decided(outcomes: readonly LedgerOutcome[], seconds: number): void {
    this.batchSize.observe(outcomes.length);
    this.seconds.observe({ outcome: 'decided' }, seconds);
    const counts = new Map<string, number>();
    for (const outcome of outcomes) {
      const key = labelsOf(outcome);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    for (const [key, count] of counts) {
      const [kind = '', first = '', reason = ''] = key.split(' ');
      if (kind === 'settle') this.settlements.inc({ outcome: first }, count);
      else if (kind === 'entry') this.entries.inc({ outcome: first }, count);
      else this.holds.inc({ decision: first, reason }, count);
    }
    this.countRules(outcomes);
  }

  /** By kind of rule, which policies share; rules themselves are in the denials. */
  private countRules(outcomes: readonly LedgerOutcome[]): void {
    for (const outcome of outcomes) {
      if (outcome.kind !== 'hold' || !outcome.result.ok) continue;
      const { reason, denial } = outcome.result.value;
      if (reason === 'policy_denied') this.rules.inc({ rule: denial?.values?.['rule'] ?? '' });
    }
  }

  override failed(error: unknown, seconds: number): void {
    this.seconds.observe({ outcome: 'failed' }, seconds);
    this.failures.inc({ code: DomainError.is(error) ? error.code : 'internal' });
  }

  override released({ released, lagMs }: ReleaseReport): void {
    this.releases.inc(released);
    this.releaseLag.set(lagMs / 1_000);
  }
}

/** The kind of the command and its labels, e.g. `hold approved within_limits`. */
function labelsOf(outcome: LedgerOutcome): string {
  const { kind, result } = outcome;
  if (!result.ok)
    return kind === 'hold' ? `hold error ${result.error.code}` : `${kind} ${result.error.code}`;
  if (outcome.kind === 'settle' && outcome.result.ok) {
    return `settle ${outcome.result.value.settlement.outcome}`;
  }
  if (outcome.kind === 'hold' && outcome.result.ok) {
    const { isApproved, reason } = outcome.result.value;
    return `hold ${isApproved ? 'approved' : 'denied'} ${reason}`;
  }
  const isOver = 'overMicros' in result.value && result.value.overMicros > 0n;
  return `entry ${isOver ? 'over' : 'recorded'}`;
}
