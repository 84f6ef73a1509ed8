import {
  coverage,
  forecastTotal,
  intervalScore,
  isCovered,
  meanAbsoluteError,
  rowOf,
  type CustomerTable,
  type Ensemble,
} from '@kiki/clv';

/** How well 90 % intervals held. */
export interface IntervalAnswer {
  /** Share of the probability that they hold. */
  readonly level: number;
  /** Share of the customers whose purchases lay inside theirs. */
  readonly coverage: number | null;
  /** Mean interval score of the customers, purchases: lower is better. */
  readonly meanScore: number;
  /** Mean absolute error of the medians. */
  readonly medianMae: number;
  /** Of all customers together, purchases. */
  readonly total: {
    readonly low: number;
    readonly high: number;
    readonly actual: number;
    readonly isCovered: boolean;
    readonly score: number;
  };
}

const LEVEL = 0.9;

/** Judges the intervals of a distribution by what happened. */
export function intervalsOf(
  ensemble: Ensemble,
  held: {
    readonly table: CustomerTable;
    readonly actual: Float64Array;
    readonly horizonDays: number;
  },
): IntervalAnswer {
  const { table, actual, horizonDays } = held;
  const rows = table.customerIds.map((_, i) => rowOf(table, i));
  const outcomes = rows.map((row, i) => ({
    ...ensemble.interval(row, { horizonDays, level: LEVEL }),
    actual: actual[i] ?? 0,
  }));
  const medians = rows.map(
    (row) => ensemble.quantiles(row, { horizonDays, levels: [0.5] })[0]?.purchases ?? 0,
  );
  const scores = outcomes.map((outcome) => intervalScore(outcome, LEVEL));
  const tail = (1 - LEVEL) / 2;
  const { quantiles } = forecastTotal(ensemble, rows, { horizonDays, levels: [tail, 1 - tail] });
  const total = {
    low: quantiles[0]?.purchases ?? 0,
    high: quantiles[1]?.purchases ?? 0,
    actual: actual.reduce((sum, value) => sum + value, 0),
  };
  return {
    level: LEVEL,
    coverage: coverage(outcomes),
    meanScore: scores.reduce((sum, score) => sum + score, 0) / Math.max(1, scores.length),
    medianMae: meanAbsoluteError(medians, actual),
    total: { ...total, isCovered: isCovered(total), score: intervalScore(total, LEVEL) },
  };
}
