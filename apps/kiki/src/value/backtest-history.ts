import {
  PurchaseForecaster,
  rowOf,
  scoreForecast,
  type CustomerTable,
  type ForecastScores,
  type PurchaseHistory,
  type TimeUnit,
} from '@kiki/clv';
import { fitTable, type FitAnswer, type ModelName } from './fit-history.js';

/** Where a log is cut. Days since 1970-01-01, inclusive. */
export interface HoldoutWindow {
  readonly calibrationEnd: number;
  readonly holdoutEnd: number;
  readonly timeUnit: TimeUnit;
}

/** A model and the naive rate x/T, judged on the same holdout. */
export interface BacktestAnswer {
  readonly fit: FitAnswer;
  readonly model: ForecastScores;
  readonly naive: ForecastScores;
}

/** Fits to the calibration only, predicts the holdout, scores. @throws clv_not_enough_data */
export function backtestHistory(
  history: PurchaseHistory,
  window: HoldoutWindow,
  requested: Exclude<ModelName, 'bgbb'>,
): BacktestAnswer {
  const { calibrationEnd, holdoutEnd, timeUnit } = window;
  const table = history.table(calibrationEnd, timeUnit);
  const { model, ...fit } = fitTable(table, requested);
  const forecaster = new PurchaseForecaster(model);
  const horizon = (holdoutEnd - calibrationEnd) / forecaster.daysPerUnit;
  const actual = history.actuals(table.customerIds, calibrationEnd, holdoutEnd).purchases;
  const score = (predict: (i: number) => number): ForecastScores =>
    scoreForecast(table.customerIds, predictions(table, predict), actual);
  return {
    fit,
    model: score((i) => forecaster.expectedPurchases(rowOf(table, i), horizon)),
    naive: score((i) => naiveRate(table, i) * horizon),
  };
}

function predictions(table: CustomerTable, predict: (i: number) => number): Float64Array {
  return Float64Array.from(table.frequency, (_, i) => predict(i));
}

function naiveRate({ frequency, age }: CustomerTable, i: number): number {
  const T = age[i] ?? 0;
  return T > 0 ? (frequency[i] ?? 0) / T : 0;
}
