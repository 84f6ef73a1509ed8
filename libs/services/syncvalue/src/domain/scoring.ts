import {
  expectedSpendMicros,
  fitPurchases,
  fitSpend,
  PurchaseForecaster,
  rowOf,
  scoreForecast,
  type CustomerTable,
  type ForecastScores,
  type RequestedKind,
} from '@kiki/clv';
import type { OnProgress } from './fitting.js';

/** One window of a back-test: statistics of the past, what happened then; structured-cloneable. */
export interface ScoreJob {
  readonly table: CustomerTable;
  readonly kind: RequestedKind;
  /** In units of the table. */
  readonly horizon: number;
  /** Per customer of the table. */
  readonly actualPurchases: Float64Array;
  readonly actualSpendMicros: Float64Array;
}

/** Scores of one forecast in purchases, and its money. */
export interface WindowScores {
  readonly scores: ForecastScores;
  readonly predictedSpendMicros: number;
  readonly actualSpendMicros: number;
}

/** What a window yields. */
export interface ScoreOutcome {
  readonly model: WindowScores;
  /** Each customer's own past rate x / T goes on. */
  readonly naive: WindowScores;
}

/** Fits on the past of the window and scores on its future. @throws clv_not_enough_data */
export function score(job: ScoreJob, onProgress: OnProgress): ScoreOutcome {
  onProgress('fitting', 0);
  const { table, horizon } = job;
  const forecaster = new PurchaseForecaster(fitPurchases(table, job.kind).model);
  const spend = fitSpend(table).model;
  onProgress('scoring', 0.7);
  const n = table.customerIds.length;
  const [predicted, naive, spends] = [0, 1, 2].map(() => new Float64Array(n)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let i = 0; i < n; i++) {
    const row = rowOf(table, i);
    predicted[i] = forecaster.expectedPurchases(row, horizon);
    naive[i] = row.age > 0 ? (row.frequency / row.age) * horizon : 0;
    spends[i] = expectedSpendMicros(spend, row.frequency, row.spendMeanMicros);
  }
  const scored = (forecast: Float64Array): WindowScores => ({
    scores: scoreForecast(table.customerIds, forecast, job.actualPurchases),
    predictedSpendMicros: sum(forecast.map((purchases, i) => purchases * (spends[i] ?? 0))),
    actualSpendMicros: sum(job.actualSpendMicros),
  });
  return { model: scored(predicted), naive: scored(naive) };
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
