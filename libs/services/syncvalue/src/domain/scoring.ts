import {
  decilesOf,
  Ensemble,
  expectedSpendMicros,
  fitPurchases,
  fitSpend,
  PurchaseForecaster,
  rowOf,
  scoreForecast,
  stabilityAgainst,
  type AttributeTable,
  type BinnedSample,
  type CustomerTable,
  type ForecastScores,
  type Observed,
  type PurchaseLogColumns,
  type SpendModelKind,
} from '@kiki/clv';
import { ensembleOf, type OnProgress } from './fitting.js';
import { intervalMetrics, type IntervalMetrics } from './interval-metrics.js';
import type { FitKind } from './model.js';
import type { ForecastingModel } from './predictive.js';
import { acquiredFactors } from './scored-acquisition.js';

/** One window of a back-test: statistics of the past, what happened then; structured-cloneable. */
export interface ScoreJob {
  readonly table: CustomerTable;
  readonly kind: FitKind;
  readonly spendKind: SpendModelKind;
  /** Purchase days up to the end of the table and not later, of an ensemble only. */
  readonly log?: PurchaseLogColumns | undefined;
  /** Where the statistics of the table end, days since 1970-01-01. */
  readonly asOfDay: number;
  /** In units of the table. */
  readonly horizon: number;
  /** Per customer of the table. */
  readonly actualPurchases: Float64Array;
  readonly actualSpendMicros: Float64Array;
  /** How the customers of the table came, as known at its end; undefined where nothing is known of anybody. */
  readonly attributes?: AttributeTable | undefined;
  /** What is wanted beside the scores. */
  readonly wanted?: WantedScores | undefined;
}

/** What takes time of its own and is measured where it is wanted. */
export interface WantedScores {
  readonly intervals: boolean;
  /** The forecast's distribution in the window before. */
  readonly previous?: BinnedSample | undefined;
}

/** Scores of one forecast in purchases, and its money. */
export interface WindowScores {
  readonly scores: ForecastScores;
  readonly predictedSpendMicros: number;
  readonly actualSpendMicros: number;
  /** Normalised Gini of the order by predicted money over the money that came; absent of the naive forecast. */
  readonly spendGini?: number | null;
}

/** What a window yields. */
export interface ScoreOutcome {
  readonly model: WindowScores;
  /** Each customer's own past rate x / T goes on. */
  readonly naive: WindowScores;
}

/** What a window yields of a kind that was fitted to its past. */
export interface FittedScores extends ScoreOutcome {
  /** What forecast: NBD where the data show no dropout. */
  readonly kind: ForecastingModel['kind'];
  /** How the model's intervals held, where they were wanted. */
  readonly intervals?: IntervalMetrics;
  /** How the forecast is distributed. */
  readonly profile: BinnedSample;
  /** Population stability index of that against the window before. */
  readonly scorePsi?: number;
}

/** Fits on the past of the window and scores on its future. @throws clv_not_enough_data */
export function score(job: ScoreJob, onProgress: OnProgress): FittedScores {
  onProgress('fitting', 0);
  const { table, spendKind, horizon, wanted } = job;
  const model = fitted(job);
  const expected = expectationOf(model, horizon);
  const spend = fitSpend(table, spendKind).model;
  const factorsOf = acquiredFactors(job, model, spend);
  onProgress('scoring', 0.7);
  const n = table.customerIds.length;
  const [predicted, naive, spends] = [0, 1, 2].map(() => new Float64Array(n)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let i = 0; i < n; i++) {
    const row = rowOf(table, i);
    const factors = factorsOf(row, i);
    predicted[i] = factors.purchases * expected(row);
    naive[i] = row.age > 0 ? (row.frequency / row.age) * horizon : 0;
    spends[i] = factors.spend * expectedSpendMicros(spend, row.frequency, row.spendMeanMicros);
  }
  const { customerIds } = table;
  const scored = (forecast: Float64Array): WindowScores => ({
    scores: scoreForecast(customerIds, forecast, job.actualPurchases),
    predictedSpendMicros: sum(forecast.map((purchases, i) => purchases * (spends[i] ?? 0))),
    actualSpendMicros: sum(job.actualSpendMicros),
  });
  const money = predicted.map((purchases, i) => purchases * (spends[i] ?? 0));
  const spendGini = scoreForecast(customerIds, money, job.actualSpendMicros).normalizedGini;
  if (wanted?.intervals === true) onProgress('intervals', 0.8);
  return {
    model: { ...scored(predicted), spendGini },
    naive: scored(naive),
    kind: model.kind,
    ...(wanted?.intervals === true && { intervals: intervalMetrics(model, spend, job) }),
    ...distributionOf(predicted, wanted?.previous),
  };
}

/** The model of the past. */
function fitted({ table, kind, log }: ScoreJob): ForecastingModel {
  if (kind !== 'ensemble') return fitPurchases(table, kind).model;
  const model = ensembleOf({ kind, table, log });
  if (model === undefined) throw new Error('an ensemble was asked for');
  return model;
}

/** What is expected of a customer within the horizon. */
function expectationOf(model: ForecastingModel, horizon: number): (row: Observed) => number {
  if (model.kind === 'ensemble') {
    const ensemble = new Ensemble(model);
    return (row) => ensemble.expectedPurchases(row, horizon * ensemble.daysPerUnit);
  }
  const forecaster = new PurchaseForecaster(model);
  return (row) => forecaster.expectedPurchases(row, horizon);
}

function distributionOf(
  predicted: Float64Array,
  previous: BinnedSample | undefined,
): Pick<FittedScores, 'profile' | 'scorePsi'> {
  const profile = decilesOf(predicted);
  if (previous === undefined) return { profile };
  return { profile, scorePsi: stabilityAgainst(previous, predicted) };
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
