import { logRising } from '../numerics/gamma.js';
import { Rising, risingSize } from '../numerics/rising.js';
import type { GroupedRows } from '../statistics.js';
import type { Observed, PurchaseKind } from './purchase-kind.js';
import { two } from './theta.js';

/**
 * NBD: Poisson purchases, gamma(r, alpha) rates, no dropout (Ehrenberg 1959). What the others become when the
 * data show no dropout. LL = log Γ(r+x)/Γ(r) + r log α − (r+x) log(α+T).
 */
export const nbd: PurchaseKind = {
  kind: 'nbd',
  parameterNames: ['r', 'alpha'],
  timeParameters: [false, true],
  starts: [
    [0.5, 0.3],
    [1, 1],
    [3, 1],
  ],

  logLikelihood(theta, rows, gradient) {
    const [r, alpha] = two(theta);
    const rising = new Rising(r, risingSize(rows));
    const logAlpha = Math.log(alpha);
    let [ll, dr, dalpha] = [0, 0, 0];
    for (let i = 0; i < rows.length; i++) {
      const [x, T, w] = [rows.frequency[i] ?? 0, rows.age[i] ?? 0, rows.weight[i] ?? 0];
      const logTotal = Math.log(alpha + T);
      ll += w * (rising.log(x) + r * logAlpha - (r + x) * logTotal);
      dr += w * (rising.inverse(x) + logAlpha - logTotal);
      dalpha += w * (r / alpha - (r + x) / (alpha + T));
    }
    if (gradient !== undefined) gradient.set([dr, dalpha]);
    return ll;
  },

  timeScale: (theta) => theta[1] ?? NaN,

  dropoutProbability: () => 0,

  pAlive: () => 1,

  purchasesIfAlive(theta, row: Observed, horizon) {
    return (((theta[0] ?? NaN) + row.frequency) / ((theta[1] ?? NaN) + row.age)) * horizon;
  },

  survivalIfAlive: () => 1,

  activeIfAlive(theta, row: Observed, horizon) {
    const [r, alpha] = two(theta);
    return -Math.expm1(-(r + row.frequency) * Math.log1p(horizon / (alpha + row.age)));
  },

  residualIfAlive: (theta, row: Observed, delta) =>
    ((theta[0] ?? NaN) + row.frequency) / ((theta[1] ?? NaN) + row.age) / delta,

  expectedPurchases: (theta, t) => ((theta[0] ?? NaN) / (theta[1] ?? NaN)) * t,

  pmf: (theta, n, t) => Math.exp(logNbdPmf(theta[0] ?? NaN, theta[1] ?? NaN, n, t)),
};

/** log P(N = n) of a negative binomial count over time t. */
export function logNbdPmf(r: number, alpha: number, n: number, t: number): number {
  const busy = n === 0 ? 0 : n * Math.log(t / (alpha + t));
  return logRising(r, n) - logRising(1, n) + r * Math.log(alpha / (alpha + t)) + busy;
}

/**
 * log Γ(r+x)/Γ(r) and Σ_{k<x} 1/(r+k) for x = 0 … max: one table per evaluation instead of a gamma function
 * per row.
 */
export function risingTable(
  r: number,
  max: number,
): { readonly logs: Float64Array; readonly inverses: Float64Array } {
  const [logs, inverses] = [new Float64Array(max + 1), new Float64Array(max + 1)];
  for (let k = 0; k < max; k++) {
    logs[k + 1] = (logs[k] ?? 0) + Math.log(r + k);
    inverses[k + 1] = (inverses[k] ?? 0) + 1 / (r + k);
  }
  return { logs, inverses };
}

/** The rows' total of w·x: what a change of the time unit adds to a log-likelihood. */
export function totalPurchases(rows: GroupedRows): number {
  let sum = 0;
  for (let i = 0; i < rows.length; i++) sum += (rows.weight[i] ?? 0) * (rows.frequency[i] ?? 0);
  return sum;
}
