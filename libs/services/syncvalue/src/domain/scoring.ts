import {
  Ensemble,
  expectedSpendMicros,
  fitPurchases,
  fitSpend,
  PurchaseForecaster,
  rowOf,
  scoreForecast,
  type CustomerTable,
  type ForecastScores,
  type Observed,
  type PurchaseLogColumns,
} from '@kiki/clv';
import { ensembleOf, type OnProgress } from './fitting.js';
import type { FitKind } from './model.js';

/** One window of a back-test: statistics of the past, what happened then; structured-cloneable. */
export interface ScoreJob {
  readonly table: CustomerTable;
  readonly kind: FitKind;
  /** Purchase days up to the end of the table and not later, of an ensemble only. */
  readonly log?: PurchaseLogColumns | undefined;
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
  const expected = expectationOf(job);
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
    predicted[i] = expected(row);
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

/** Fits, and answers with what is expected of a customer within the horizon. */
function expectationOf({ table, kind, log, horizon }: ScoreJob): (row: Observed) => number {
  if (kind === 'ensemble') {
    const model = ensembleOf({ kind, table, log });
    if (model === undefined) return () => 0;
    const ensemble = new Ensemble(model);
    return (row) => ensemble.expectedPurchases(row, horizon * ensemble.daysPerUnit);
  }
  const forecaster = new PurchaseForecaster(fitPurchases(table, kind).model);
  return (row) => forecaster.expectedPurchases(row, horizon);
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
