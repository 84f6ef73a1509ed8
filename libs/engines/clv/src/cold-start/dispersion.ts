import { maximize } from '../maximum-likelihood.js';
import { Rising, risingSize } from '../numerics/rising.js';
import { overallRatio, type Observations } from './cell-sums.js';

/** Expectations are told apart to so many digits. */
const DIGITS = 6;
/** A spread of log spends beyond this is no law but a few whales. */
const MAX_LOG_VARIANCE = 3;

interface Group {
  readonly expected: number;
  readonly customers: number;
  readonly purchases: number;
}

/**
 * Shape κ of the gamma-distributed factor by which customers differ, Var X = μ + μ²/κ, by maximum likelihood of
 * negative binomial counts around what is expected of each: a moment would let one customer's thousand purchases
 * speak for all.
 */
export function purchaseShape(observations: Observations): number {
  const { actual, expected } = observations;
  const scale = overallRatio(observations);
  const counts = new Map<number, number>();
  const groups = new Map<number, { customers: number; purchases: number }>();
  actual.forEach((x, i) => {
    const mean = expected[i] ?? 0;
    if (!(mean > 0)) return;
    counts.set(x, (counts.get(x) ?? 0) + 1);
    const key = Number(mean.toPrecision(DIGITS));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { customers: 1, purchases: x });
    else {
      group.customers += 1;
      group.purchases += x;
    }
  });
  const rows = [...groups]
    .map(([mean, group]) => ({ ...group, expected: mean * scale }))
    .sort((a, b) => a.expected - b.expected);
  const frequencies = [...counts].sort(([a], [b]) => a - b);
  const estimate = maximize({
    observations: actual.length,
    starts: [[0.3], [2], [20]],
    at: ([kappa = NaN], gradient) => logLikelihood(kappa, { rows, frequencies }, gradient),
  });
  return estimate.theta[0] ?? 1;
}

interface Counted {
  readonly rows: readonly Group[];
  /** Number of customers by purchases, ascending. */
  readonly frequencies: readonly (readonly [purchases: number, customers: number])[];
}

/** Σ log Γ(κ+x)/Γ(κ) − κ log(1 + μ/κ) − x log(κ + μ), up to a constant. */
function logLikelihood(
  kappa: number,
  { rows, frequencies }: Counted,
  gradient: Float64Array,
): number {
  const maxFrequency = frequencies.at(-1)?.[0] ?? 0;
  const rising = new Rising(kappa, risingSize({ length: frequencies.length, maxFrequency }));
  let [value, slope] = [0, 0];
  for (const [x, customers] of frequencies) {
    value += customers * rising.log(x);
    slope += customers * rising.inverse(x);
  }
  for (const { expected, customers, purchases } of rows) {
    const [ratio, sum] = [Math.log1p(expected / kappa), kappa + expected];
    value -= customers * kappa * ratio + purchases * Math.log(sum);
    slope -= customers * ratio - (customers * expected) / sum + purchases / sum;
  }
  gradient[0] = slope;
  return value;
}

/** The same for positive amounts, as 1/CV² of a log-normal: its spread is read off logs, where no whale weighs much. */
export function spendShape({ actual, expected }: Observations): number {
  const logs = actual.filter((value, i) => value > 0 && (expected[i] ?? 0) > 0).map(Math.log);
  if (logs.length < 2) return 1;
  const sorted = logs.sort();
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  const squares = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const variance = Math.min(MAX_LOG_VARIANCE, squares / (sorted.length - 1));
  return 1 / Math.max(1e-9, Math.expm1(variance));
}
