import {
  DAYS_PER_UNIT,
  forecastSegments,
  intervalScore,
  quantilesOf,
  rowOf,
  shortestRangeOf,
  type CustomerTable,
  type SpendModel,
} from '@kiki/clv';
import { countLaw, totalling, type ForecastingModel } from './predictive.js';

/** How often ranges at one level held. */
export interface IntervalCoverage {
  readonly level: number;
  /** Share of the customers whose purchases lay in their range. */
  readonly covered: number;
  /** Mean width, purchases. */
  readonly meanWidth: number;
}

/** A total between its quantiles .05 and .95, and what happened. */
export interface TotalInterval {
  readonly level: number;
  readonly low: number;
  readonly median: number;
  readonly high: number;
  readonly actual: number;
  readonly isCovered: boolean;
  readonly intervalScore: number;
}

/** Intervals of a predictive distribution beside what happened. */
export interface IntervalMetrics {
  /** Of single customers, at 50, 80, 90 and 95 %. */
  readonly coverage: readonly IntervalCoverage[];
  /** Mean over customers of the interval score at 90 %. */
  readonly intervalScore: number;
  /** Mean absolute error of the median. */
  readonly medianMae: number;
  readonly totalPurchases: TotalInterval;
  /** Units of the currency. */
  readonly totalSpend: TotalInterval;
}

/** What the intervals are asked of, and what happened then. */
export interface JudgedWindow {
  readonly table: CustomerTable;
  /** Where the statistics of the table end, days since 1970-01-01. */
  readonly asOfDay: number;
  /** In units of the table. */
  readonly horizon: number;
  readonly actualPurchases: Float64Array;
  readonly actualSpendMicros: Float64Array;
}

const LEVELS = [0.5, 0.8, 0.9, 0.95] as const;
const SCORED_LEVEL = 0.9;
const MICROS = 1e6;

/** Asks a fitted model for the intervals of a window and looks whether they held. */
export function intervalMetrics(
  model: ForecastingModel,
  spend: SpendModel,
  window: JudgedWindow,
): IntervalMetrics {
  const horizonDays = window.horizon * DAYS_PER_UNIT[window.table.timeUnit];
  return {
    ...customerMetrics(model, window, horizonDays),
    ...totalMetrics(model, spend, window, horizonDays),
  };
}

function customerMetrics(
  model: ForecastingModel,
  { table, asOfDay, actualPurchases }: JudgedWindow,
  horizonDays: number,
): Pick<IntervalMetrics, 'coverage' | 'intervalScore' | 'medianMae'> {
  const law = countLaw(model, horizonDays, asOfDay);
  const [covered, widths] = [LEVELS.map(() => 0), LEVELS.map(() => 0)];
  let [scores, misses] = [0, 0];
  const n = Math.max(1, table.customerIds.length);
  let said: Said | undefined;
  for (const i of inOrder(table)) {
    const row = rowOf(table, i);
    if (said === undefined || !isAlike(said, row)) said = { ...row, ...rangesOf(law(row)) };
    const actual = actualPurchases[i] ?? 0;
    said.ranges.forEach(([low, high], k) => {
      if (actual >= low && actual <= high) covered[k] = (covered[k] ?? 0) + 1;
      widths[k] = (widths[k] ?? 0) + high - low;
      const level = LEVELS[k];
      if (level === SCORED_LEVEL) scores += intervalScore({ low, high, actual }, level);
    });
    misses += Math.abs(said.median - actual);
  }
  const coverage = LEVELS.map((level, k) => ({
    level,
    covered: (covered[k] ?? 0) / n,
    meanWidth: (widths[k] ?? 0) / n,
  }));
  return { coverage, intervalScore: scores / n, medianMae: misses / n };
}

function totalMetrics(
  model: ForecastingModel,
  spend: SpendModel,
  { table, asOfDay, actualPurchases, actualSpendMicros }: JudgedWindow,
  horizonDays: number,
): Pick<IntervalMetrics, 'totalPurchases' | 'totalSpend'> {
  const memberships = new Uint32Array(table.customerIds.length).fill(1);
  const options = { horizonDays, annualDiscountRate: 0, margin: 1, levels: [0.05, 0.5, 0.95] };
  const [total] = forecastSegments(
    totalling(model, asOfDay),
    spend,
    { table, memberships, segments: 1 },
    options,
  );
  const micros = (total?.spendMicros.quantiles ?? []).map((value) => value / MICROS);
  return {
    totalPurchases: totalInterval(total?.purchases.quantiles ?? [], sum(actualPurchases)),
    totalSpend: totalInterval(micros, sum(actualSpendMicros) / MICROS),
  };
}

function totalInterval(
  [low = 0, median = 0, high = 0]: readonly number[],
  actual: number,
): TotalInterval {
  const isCovered = actual >= low && actual <= high;
  const score = intervalScore({ low, high, actual }, SCORED_LEVEL);
  return { level: SCORED_LEVEL, low, median, high, actual, isCovered, intervalScore: score };
}

interface Statistics {
  readonly frequency: number;
  readonly recency: number;
  readonly age: number;
}

/** What was said of the customer before, who is often like the next one. */
interface Said extends Statistics {
  readonly ranges: readonly (readonly [low: number, high: number])[];
  readonly median: number;
}

function rangesOf(below: readonly number[]): Pick<Said, 'ranges' | 'median'> {
  return {
    ranges: LEVELS.map((level) => shortestRangeOf(below, level)),
    median: quantilesOf(below, [0.5])[0] ?? 0,
  };
}

function isAlike(a: Statistics, b: Statistics): boolean {
  return a.frequency === b.frequency && a.recency === b.recency && a.age === b.age;
}

function inOrder({ frequency, recency, age }: CustomerTable): Uint32Array {
  return Uint32Array.from(frequency, (_, i) => i).sort(
    (i, j) =>
      (frequency[i] ?? 0) - (frequency[j] ?? 0) ||
      (recency[i] ?? 0) - (recency[j] ?? 0) ||
      (age[i] ?? 0) - (age[j] ?? 0),
  );
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
