import {
  coverage,
  intervalScore,
  isCovered,
  meanAbsoluteError,
  pinballLoss,
  scoreForecast,
  type ForecastScores,
  type IntervalOutcome,
  type PurchaseHistory,
} from '@kiki/clv';
import { CONTESTANTS, LEVEL, type Contestant } from './contestants.js';
import type { Window } from './windows.js';

/** One contestant in one window. */
export interface JudgedForecast {
  readonly window: string;
  readonly contestant: string;
  readonly scores: ForecastScores;
  readonly medianMae: number;
  /** Mean loss of the upper end of the individual interval at the level of its tail; null without intervals. */
  readonly pinball: number | null;
  /** Of the individual intervals. */
  readonly coverage: number | null;
  /** The same of customers by their purchases after the first, in ascending order. */
  readonly bins: readonly FrequencyBin[];
  readonly total:
    | {
        readonly low: number;
        readonly high: number;
        readonly isInside: boolean;
        /** Interval score over the actual total. */
        readonly score: number;
      }
    | undefined;
  readonly fitMs: number;
}

/** Customers with at least so many purchases after the first, and fewer than the next bin's. */
export interface FrequencyBin {
  readonly from: number;
  readonly customers: number;
  readonly coverage: number | null;
  /** predicted / actual − 1 */
  readonly bias: number;
}

const FREQUENCIES = [0, 1, 2, 4, 7, 15, 30];

/** Lets every contestant forecast a window: each is given the log up to its end and nothing else. */
export function judgeWindow(history: PurchaseHistory, window: Window): JudgedForecast[] {
  return CONTESTANTS.map((contestant) => judgeOne(history, window, contestant));
}

function judgeOne(
  history: PurchaseHistory,
  { name, endDay, horizonDays }: Window,
  contestant: Contestant,
): JudgedForecast {
  const log = history.log(endDay);
  const { customers, total, fitMs } = contestant.forecast(log, horizonDays);
  // Only here the future is looked at.
  const { purchases } = history.actuals(log.customerIds, endDay, endDay + horizonDays);
  const expected = Float64Array.from(customers, (one) => one.expected);
  const scores = scoreForecast(log.customerIds, expected, purchases);
  const outcomes = customers.map(({ low, high }, i) => ({ low, high, actual: purchases[i] ?? 0 }));
  const hasIntervals = total !== undefined;
  const outcome = total && { ...total, actual: scores.actual };
  const losses = outcomes.map(({ high, actual }) => pinballLoss(high, actual, LEVEL));
  return {
    window: name,
    contestant: contestant.name,
    scores,
    medianMae: meanAbsoluteError(
      customers.map(({ median }) => median),
      purchases,
    ),
    pinball: hasIntervals ? losses.reduce((sum, loss) => sum + loss, 0) / losses.length : null,
    coverage: hasIntervals ? coverage(outcomes) : null,
    bins: hasIntervals ? binsOf(log.table('week').frequency, outcomes, expected) : [],
    total: outcome && {
      low: outcome.low,
      high: outcome.high,
      isInside: isCovered(outcome),
      score: intervalScore(outcome, LEVEL) / scores.actual,
    },
    fitMs,
  };
}

function binsOf(
  frequency: Float64Array,
  outcomes: readonly IntervalOutcome[],
  expected: Float64Array,
): FrequencyBin[] {
  return FREQUENCIES.map((from, i) => {
    const until = FREQUENCIES[i + 1] ?? Infinity;
    const isInside = (_: unknown, k: number): boolean =>
      (frequency[k] ?? 0) >= from && (frequency[k] ?? 0) < until;
    const own = outcomes.filter(isInside);
    const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);
    const predicted = sum(expected.filter(isInside));
    const bias = predicted / sum(own.map(({ actual }) => actual)) - 1;
    return { from, customers: own.length, coverage: coverage(own), bias };
  });
}

/** Coverage of customers who bought at least so often after their first purchase. */
export function coverageFrom(bins: readonly FrequencyBin[], least: number): number {
  const own = bins.filter(({ from, customers }) => from >= least && customers > 0);
  const customers = own.reduce((sum, bin) => sum + bin.customers, 0);
  return own.reduce((sum, bin) => sum + bin.customers * (bin.coverage ?? 0), 0) / customers;
}

/** Coverage and bias by frequency, a line per window. */
export function frequencyLines(rows: readonly JudgedForecast[]): string[] {
  return rows.map(({ window, bins }) => {
    const cells = bins
      .filter(({ customers }) => customers > 0)
      .map(
        ({ from, customers, coverage: share, bias }) =>
          `${from}+ ${percent(share).replace('+', '')} of ${customers} (${percent(bias)})`,
      );
    return `${window}: ${cells.join(' · ')}`;
  });
}

/** The judgement as lines of a table. */
export function judgementTable(rows: readonly JudgedForecast[]): string[] {
  const cells = rows.map(({ window, contestant, scores, total, ...row }) => [
    window,
    contestant,
    scores.predicted.toFixed(0),
    String(scores.actual),
    percent(scores.bias),
    scores.mae.toFixed(4),
    row.medianMae.toFixed(4),
    scores.rmse.toFixed(3),
    scores.normalizedGini?.toFixed(4) ?? '–',
    scores.decileMape?.toFixed(3) ?? '–',
    row.coverage === null ? '–' : percent(row.coverage).replace('+', ''),
    row.pinball?.toFixed(4) ?? '–',
    total === undefined
      ? '–'
      : `${total.low.toFixed(0)}–${total.high.toFixed(0)} ${total.isInside ? 'holds' : 'misses'}`,
    total?.score.toFixed(2) ?? '–',
    row.fitMs.toFixed(0),
  ]);
  const all = [HEADER, ...cells];
  const widths = HEADER.map((_, i) => Math.max(...all.map((line) => line[i]?.length ?? 0)));
  return all.map((line) => line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  '));
}

const HEADER = [
  'window',
  'model',
  'predicted',
  'actual',
  'bias',
  'MAE',
  'MAE median',
  'RMSE',
  'Gini',
  'decile MAPE',
  'covered',
  'pinball',
  '90 % total',
  'score',
  'fit ms',
];

function percent(value: number | null): string {
  if (value === null) return '–';
  return `${value > 0 ? '+' : ''}${(100 * value).toFixed(1)} %`;
}
