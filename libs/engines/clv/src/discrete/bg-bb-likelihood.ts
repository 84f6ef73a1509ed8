import { risingTable } from '../models/nbd.js';
import type { DiscreteRow } from './discrete-rows.js';

type Rising = ReturnType<typeof risingTable>;

/** log Γ(c+k)/Γ(c) and its derivative, for every parameter sum c that BG/BB's beta functions are made of. */
interface Tables {
  readonly alpha: Rising;
  readonly beta: Rising;
  readonly both: Rising;
  readonly gamma: number;
  readonly delta: Rising;
  readonly life: Rising;
}

/** Σ of a customer's ways to have died, relative to the latest one summed, and the mean of their gradients. */
interface Sum {
  total: number;
  readonly mean: Float64Array;
}

/**
 * BG/BB log-likelihood (Fader, Hardie, Shang 2010) over rows as `groupDiscrete` orders them; writes the
 * gradient by (alpha, beta, gamma, delta). All beta functions are rising factorials of whole numbers, so the
 * digammas of the gradient are exact sums too.
 *
 * A customer with (x, t_x, n) is alive at n or died after opportunity m, t_x ≤ m < n. The terms grow by a factor
 * (α+β+m)/(β+m−x) · (γ+δ+m+1)/(δ+m) > 1 as m falls, so they are summed from m = n−1 down relative to the last
 * one, without overflow, and customers alike in x and n share the sum.
 */
export function bgBbLogLikelihood(
  theta: ArrayLike<number>,
  rows: readonly DiscreteRow[],
  gradient?: Float64Array,
): number {
  const tables = tablesOf(theta, rows);
  const gradients = new Float64Array(4);
  let logLikelihood = 0;
  let sum: Sum | undefined;
  let m = 0;
  rows.forEach((row, i) => {
    const before = rows[i - 1];
    const isContinued =
      before?.frequency === row.frequency && before.opportunities === row.opportunities;
    if (sum === undefined || !isContinued) {
      m = row.opportunities;
      sum = aliveSum(tables, row);
    }
    for (; m > row.recency; m--) addDeath(tables, row, sum, m - 1);
    logLikelihood += row.weight * (logTerm(tables, row, m) + Math.log(sum.total));
    for (let k = 0; k < 4; k++)
      gradients[k] = (gradients[k] ?? 0) + row.weight * (sum.mean[k] ?? 0);
  });
  gradient?.set(gradients);
  return logLikelihood;
}

/** BG/BB without dropout: L = B(α+x, β+n−x) / B(α, β); writes the gradient by (alpha, beta). */
export function betaBinomialLogLikelihood(
  theta: ArrayLike<number>,
  rows: readonly DiscreteRow[],
  gradient?: Float64Array,
): number {
  const [alpha = NaN, beta = NaN] = Array.from(theta);
  const longest = rows.reduce((max, { opportunities }) => Math.max(max, opportunities), 0);
  const [a, b, both] = [alpha, beta, alpha + beta].map((c) => risingTable(c, longest));
  let [ll, da, db] = [0, 0, 0];
  for (const { frequency: x, opportunities: n, weight } of rows) {
    const away = both?.inverses[n] ?? 0;
    ll += weight * ((a?.logs[x] ?? 0) + (b?.logs[n - x] ?? 0) - (both?.logs[n] ?? 0));
    da += weight * ((a?.inverses[x] ?? 0) - away);
    db += weight * ((b?.inverses[n - x] ?? 0) - away);
  }
  gradient?.set([da, db]);
  return ll;
}

function tablesOf(theta: ArrayLike<number>, rows: readonly DiscreteRow[]): Tables {
  const [alpha = NaN, beta = NaN, gamma = NaN, delta = NaN] = Array.from(theta);
  const longest = rows.reduce((max, { opportunities }) => Math.max(max, opportunities), 0);
  return {
    alpha: risingTable(alpha, longest),
    beta: risingTable(beta, longest),
    both: risingTable(alpha + beta, longest),
    gamma,
    delta: risingTable(delta, longest),
    life: risingTable(gamma + delta, longest),
  };
}

/**
 * log of the term "died after opportunity m" (m < n) or of "alive at n" (m = n): purchases until m, times
 * B(γ+1, δ+m) / B(γ, δ) or B(γ, δ+n) / B(γ, δ).
 */
function logTerm(tables: Tables, { frequency: x, opportunities: n }: DiscreteRow, m: number) {
  const { alpha, beta, both, gamma, delta, life } = tables;
  const purchases = (alpha.logs[x] ?? 0) + (beta.logs[m - x] ?? 0) - (both.logs[m] ?? 0);
  const staying = (delta.logs[m] ?? 0) - (life.logs[m < n ? m + 1 : n] ?? 0);
  return purchases + staying + (m < n ? Math.log(gamma) : 0);
}

function gradientOf(tables: Tables, { frequency: x, opportunities: n }: DiscreteRow, m: number) {
  const { alpha, beta, both, gamma, delta, life } = tables;
  const away = both.inverses[m] ?? 0;
  const ending = life.inverses[m < n ? m + 1 : n] ?? 0;
  return [
    (alpha.inverses[x] ?? 0) - away,
    (beta.inverses[m - x] ?? 0) - away,
    (m < n ? 1 / gamma : 0) - ending,
    (delta.inverses[m] ?? 0) - ending,
  ];
}

function aliveSum(tables: Tables, row: DiscreteRow): Sum {
  return { total: 1, mean: Float64Array.from(gradientOf(tables, row, row.opportunities)) };
}

/** Adds "died after m" to a sum that is relative to the term of m + 1, and makes it relative to that of m. */
function addDeath(tables: Tables, row: DiscreteRow, sum: Sum, m: number): void {
  const rest = sum.total * Math.exp(logTerm(tables, row, m + 1) - logTerm(tables, row, m));
  const total = 1 + rest;
  gradientOf(tables, row, m).forEach((value, k) => {
    sum.mean[k] = (value + rest * (sum.mean[k] ?? 0)) / total;
  });
  sum.total = total;
}
