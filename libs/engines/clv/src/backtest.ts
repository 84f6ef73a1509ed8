import { correlation } from './spend-model.js';

/** Predicted and actual purchases of the same customers in a holdout window. */
export interface ForecastScores {
  readonly customers: number;
  readonly actual: number;
  readonly predicted: number;
  /** Mean absolute error per customer. */
  readonly mae: number;
  readonly rmse: number;
  /** Mean of (log(1+predicted) − log(1+actual))². */
  readonly msle: number;
  /** predicted / actual − 1; null when nothing happened. */
  readonly bias: number | null;
  readonly pearson: number | null;
  /** Pearson's correlation of mean ranks. */
  readonly spearman: number | null;
  /** Gini of the actuals in predicted order over the Gini in perfect order. */
  readonly normalizedGini: number | null;
  /** Mean over deciles of |Σ predicted − Σ actual| / Σ actual; null when a decile has no actuals. */
  readonly decileMape: number | null;
  readonly deciles: readonly DecileScore[];
}

/** One tenth of the customers by descending prediction. */
export interface DecileScore {
  /** 1 holds the highest predictions. */
  readonly decile: number;
  readonly customers: number;
  readonly predicted: number;
  readonly actual: number;
}

const DECILES = 10;

/**
 * Scores a forecast. Customers are put in descending order of the prediction, ties by ascending id as a
 * string; decile i is rows ⌊i·n/10⌋ … ⌊(i+1)·n/10⌋ − 1. Sums run in that order, so equal inputs in any order
 * give equal scores.
 */
export function scoreForecast(
  customerIds: readonly string[],
  predicted: Float64Array,
  actual: Float64Array,
): ForecastScores {
  const order = predictedOrder(customerIds, predicted);
  const [p, a] = [pick(predicted, order), pick(actual, order)];
  const [predictedSum, actualSum] = [total(p), total(a)];
  const n = order.length;
  const deciles = decilesOf(p, a);
  return {
    customers: n,
    actual: actualSum,
    predicted: predictedSum,
    ...errorsOf(p, a),
    bias: actualSum > 0 ? predictedSum / actualSum - 1 : null,
    pearson: correlation(p, a),
    spearman: correlation(meanRanks(p), meanRanks(a)),
    normalizedGini: normalizedGini(a),
    decileMape: decileMape(deciles),
    deciles,
  };
}

function errorsOf(p: Float64Array, a: Float64Array): Pick<ForecastScores, 'mae' | 'rmse' | 'msle'> {
  let [absolute, squared, logSquared] = [0, 0, 0];
  for (let i = 0; i < p.length; i++) {
    const error = (p[i] ?? 0) - (a[i] ?? 0);
    absolute += Math.abs(error);
    squared += error * error;
    logSquared += (Math.log1p(p[i] ?? 0) - Math.log1p(a[i] ?? 0)) ** 2;
  }
  const n = Math.max(1, p.length);
  return { mae: absolute / n, rmse: Math.sqrt(squared / n), msle: logSquared / n };
}

function predictedOrder(ids: readonly string[], predicted: Float64Array): Uint32Array {
  const order = Uint32Array.from(ids, (_, i) => i);
  return order.sort((i, j) => {
    const byValue = (predicted[j] ?? 0) - (predicted[i] ?? 0);
    if (byValue !== 0) return byValue;
    const [a, b] = [ids[i] ?? '', ids[j] ?? ''];
    return a < b ? -1 : a > b ? 1 : 0;
  });
}

function pick(values: Float64Array, order: Uint32Array): Float64Array {
  return Float64Array.from(order, (i) => values[i] ?? 0);
}

function total(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function decilesOf(p: Float64Array, a: Float64Array): DecileScore[] {
  return Array.from({ length: DECILES }, (_, i) => {
    const from = Math.floor((i * p.length) / DECILES);
    const to = Math.floor(((i + 1) * p.length) / DECILES);
    return {
      decile: i + 1,
      customers: to - from,
      predicted: total(p.subarray(from, to)),
      actual: total(a.subarray(from, to)),
    };
  });
}

function decileMape(deciles: readonly DecileScore[]): number | null {
  let sum = 0;
  for (const { predicted, actual } of deciles) {
    if (!(actual > 0)) return null;
    sum += Math.abs(predicted - actual) / actual;
  }
  return sum / deciles.length;
}

/** 1-based ranks, ties at their mean. */
function meanRanks(values: Float64Array): Float64Array {
  const order = Uint32Array.from(values, (_, i) => i);
  order.sort((i, j) => (values[i] ?? 0) - (values[j] ?? 0));
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    const value = values[order[from] ?? 0];
    while (to < order.length && values[order[to] ?? 0] === value) to += 1;
    for (let k = from; k < to; k++) ranks[order[k] ?? 0] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}

/** The actuals come in predicted order. */
function normalizedGini(actual: Float64Array): number | null {
  const perfect = gini(actual.slice().sort((a, b) => b - a));
  return perfect > 0 ? gini(actual) / perfect : null;
}

/** Area between the curve of cumulative actuals and the diagonal, per row. */
function gini(ordered: Float64Array): number {
  const [n, sum] = [ordered.length, total(ordered)];
  if (!(sum > 0)) return 0;
  let [running, area] = [0, 0];
  for (const value of ordered) {
    running += value;
    area += running / sum;
  }
  return (area - (n + 1) / 2) / n;
}
