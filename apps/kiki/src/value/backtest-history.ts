import {
  dressed,
  Ensemble,
  PurchaseForecaster,
  rowOf,
  scoreForecast,
  type CustomerTable,
  type ForecastScores,
  type Observed,
  type PurchaseLog,
  type TimeUnit,
} from '@kiki/clv';
import { dayText } from '@kiki/kernel';
import type { HoldoutWindow } from './backtest-windows.js';
import {
  fitEnsembleTo,
  fitTable,
  type ContinuousName,
  type FitAnswer,
  type ModelName,
} from './fit-history.js';
import { intervalsOf, type IntervalAnswer } from './interval-answer.js';

/** A model and the naive rate x/T, judged on the same holdout. */
export interface WindowAnswer {
  readonly calibrationEnd: string;
  readonly holdoutEnd: string;
  readonly horizonDays: number;
  readonly fit: FitAnswer;
  readonly model: ForecastScores;
  readonly naive: ForecastScores;
  /** Of the model's distribution. */
  readonly intervals: IntervalAnswer;
}

/** What a window is drawn from. */
export interface JudgedWindow {
  readonly answer: WindowAnswer;
  readonly table: CustomerTable;
  readonly predicted: Float64Array;
  readonly actual: Float64Array;
  /** E[purchases within so many days]. */
  readonly expected: (row: Observed, days: number) => number;
  readonly aliveProbability: (row: Observed) => number;
}

interface Forecasts {
  readonly fit: FitAnswer;
  readonly expected: (row: Observed, days: number) => number;
  /** The same forecasts with their distribution. */
  readonly ensemble: Ensemble;
}

/** Fits to the calibration only, predicts the holdout, scores. @throws clv_not_enough_data */
export function backtestWindow(
  log: PurchaseLog,
  { calibrationEnd, holdoutEnd }: HoldoutWindow,
  { model, timeUnit }: { readonly model: Exclude<ModelName, 'bgbb'>; readonly timeUnit: TimeUnit },
): JudgedWindow {
  const past = log.upTo(calibrationEnd);
  const table = past.table(timeUnit);
  const horizonDays = holdoutEnd - calibrationEnd;
  const { fit, expected, ensemble } = forecasts(past, table, model);
  // Only here the future is looked at.
  const actual = log.purchasesWithin(calibrationEnd, holdoutEnd);
  const predict = (one: (i: number) => number): Float64Array =>
    Float64Array.from(table.frequency, (_, i) => one(i));
  const predicted = predict((i) => expected(rowOf(table, i), horizonDays));
  const naive = predict((i) => naiveRate(table, i) * (horizonDays / ensemble.daysPerUnit));
  const answer = {
    calibrationEnd: dayText(calibrationEnd),
    holdoutEnd: dayText(holdoutEnd),
    horizonDays,
    fit,
    model: scoreForecast(table.customerIds, predicted, actual),
    naive: scoreForecast(table.customerIds, naive, actual),
    intervals: intervalsOf(ensemble, { table, actual, horizonDays }),
  };
  const aliveProbability = (row: Observed): number => ensemble.aliveProbability(row);
  return { answer, table, predicted, actual, expected, aliveProbability };
}

function forecasts(
  past: PurchaseLog,
  table: CustomerTable,
  model: ContinuousName | 'ensemble',
): Forecasts {
  if (model === 'ensemble') {
    const fit = fitEnsembleTo(past, table.timeUnit);
    const ensemble = new Ensemble(fit.ensemble);
    return { fit, ensemble, expected: (row, days) => ensemble.expectedPurchases(row, days) };
  }
  const { model: fitted, ...fit } = fitTable(table, model);
  const forecaster = new PurchaseForecaster(fitted);
  const expected = (row: Observed, days: number): number =>
    forecaster.expectedPurchases(row, days / forecaster.daysPerUnit);
  return { fit, expected, ensemble: new Ensemble(dressed(fitted, past.endDay)) };
}

function naiveRate({ frequency, age }: CustomerTable, i: number): number {
  const T = age[i] ?? 0;
  return T > 0 ? (frequency[i] ?? 0) / T : 0;
}
