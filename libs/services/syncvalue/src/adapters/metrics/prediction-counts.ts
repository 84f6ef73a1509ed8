import type { Metrics } from '@kiki/metrics';
import type { ChunkOutcome } from '../../application/ledger.js';
import type { PredictionOutcome } from '../../application/predict-customers.js';

/** Counts predictions by what they rest on. */
export class PredictionCounts {
  /** Since the metrics were last asked for: a counter checks and hashes its labels at each step. */
  private readonly pending = new Map<string, number>();

  constructor(metrics: Metrics) {
    const counter = metrics.counter({
      name: 'predictions_total',
      help: 'Predicted customers by what the answer rests on: model, cold_start, population_spend, error.',
      labelNames: ['source'],
    });
    Object.assign(counter, {
      collect: () => {
        for (const [source, count] of this.pending) counter.inc({ source }, count);
        this.pending.clear();
      },
    });
  }

  count(outcomes: readonly PredictionOutcome[]): void {
    for (const { prediction } of outcomes) {
      const source = prediction === undefined ? 'error' : (prediction.fallbackReason ?? 'model');
      this.pending.set(source, (this.pending.get(source) ?? 0) + 1);
    }
  }
}

/** Counts ingested rows by what became of them. */
export class RowCounts {
  private readonly rows;

  constructor(metrics: Metrics) {
    this.rows = metrics.counter({
      name: 'transactions_total',
      help: 'Rows of order logs by outcome: stored, duplicate, rejected.',
      labelNames: ['outcome'],
    });
  }

  count({ storedCount, duplicateCount, problems }: ChunkOutcome): void {
    this.rows.inc({ outcome: 'stored' }, storedCount);
    this.rows.inc({ outcome: 'duplicate' }, duplicateCount);
    this.rows.inc({ outcome: 'rejected' }, problems.length);
  }
}
