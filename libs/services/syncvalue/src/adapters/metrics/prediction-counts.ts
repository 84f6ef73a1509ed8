import type { Metrics } from '@kiki/metrics';
import type { ChunkOutcome } from '../../application/ledger.js';
import type { PredictionOutcome } from '../../application/predict-customers.js';

/** Counts predictions by what they rest on. */
export class PredictionCounts {
  private readonly predictions;

  constructor(metrics: Metrics) {
    this.predictions = metrics.counter({
      name: 'predictions_total',
      help: 'Predicted customers by what the answer rests on: model, cold_start, population_spend, error.',
      labelNames: ['source'],
    });
  }

  count(outcomes: readonly PredictionOutcome[]): void {
    const counts = new Map<string, number>();
    for (const { prediction } of outcomes) {
      const source = prediction === undefined ? 'error' : (prediction.fallbackReason ?? 'model');
      counts.set(source, (counts.get(source) ?? 0) + 1);
    }
    for (const [source, count] of counts) this.predictions.inc({ source }, count);
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
