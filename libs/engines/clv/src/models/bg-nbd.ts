import { sigmoid, softplus } from '../numerics/gamma.js';
import type { GroupedRows } from '../statistics.js';
import {
  activeIfAlive,
  betaGeometricPmf,
  purchasesIfAlive,
  survivalIfAlive,
  type Living,
} from './beta-geometric.js';
import { risingTable } from './nbd.js';
import type { Observed, PurchaseKind } from './purchase-kind.js';

/**
 * BG/NBD (Fader, Hardie, Lee 2005, "Counting Your Customers" the Easy Way, Marketing Science 24:2). Poisson
 * purchases with gamma(r, alpha) rates; after each repeat purchase a customer drops out with a beta(a, b)
 * probability.
 */
export const bgNbd: PurchaseKind = {
  kind: 'bg_nbd',
  parameterNames: ['r', 'alpha', 'a', 'b'],
  timeParameters: [false, true, false, false],
  starts: [
    [0.3, 0.2, 0.7, 2],
    [1, 1, 1, 1],
    [1, 0.5, 0.1, 3],
    [0.1, 0.05, 2, 10],
  ],
  logLikelihood,

  pAlive(theta, row) {
    if (row.frequency === 0) return 1;
    return sigmoid(-logDeadOdds(theta, row));
  },

  purchasesIfAlive: (theta, row, horizon) => purchasesIfAlive(living(theta, row), horizon),

  survivalIfAlive: (theta, row, horizon) => survivalIfAlive(living(theta, row), horizon),

  activeIfAlive: (theta, row, horizon) => activeIfAlive(living(theta, row), horizon),

  expectedPurchases(theta, t) {
    const [r = NaN, alpha = NaN, a = NaN, b = NaN] = Array.from(theta);
    return purchasesIfAlive({ shape: r, rate: alpha, a, b: b - 1 }, t);
  },

  pmf: (theta, n, t) => betaGeometricPmf(theta, n, t, 0),
};

function living(theta: ArrayLike<number>, { frequency: x, age }: Observed): Living {
  const [r = NaN, alpha = NaN, a = NaN, b = NaN] = Array.from(theta);
  return { shape: r + x, rate: alpha + age, a, b: b + x - 1 };
}

/** log of P(dead) : P(alive), x > 0: log a/(b+x−1) + (r+x) log((α+T)/(α+t_x)). */
function logDeadOdds(theta: ArrayLike<number>, { frequency: x, recency, age }: Observed): number {
  const [r = NaN, alpha = NaN, a = NaN, b = NaN] = Array.from(theta);
  return Math.log(a / (b + x - 1)) + (r + x) * Math.log((alpha + age) / (alpha + recency));
}

function logLikelihood(
  theta: ArrayLike<number>,
  rows: GroupedRows,
  gradient?: Float64Array,
): number {
  const [r = NaN, alpha = NaN, a = NaN, b = NaN] = Array.from(theta);
  const max = rows.maxFrequency;
  const [ofR, ofB, ofAB] = [risingTable(r, max), risingTable(b, max), risingTable(a + b, max)];
  const logAlpha = Math.log(alpha);
  let [ll, dr, dalpha, da, db] = [0, 0, 0, 0, 0];
  for (let i = 0; i < rows.length; i++) {
    const x = rows.frequency[i] ?? 0;
    const [T, w] = [rows.age[i] ?? 0, rows.weight[i] ?? 0];
    const logTotal = Math.log(alpha + T);
    ll += w * (r * logAlpha - (r + x) * logTotal);
    dr += w * (logAlpha - logTotal);
    dalpha += w * (r / alpha - (r + x) / (alpha + T));
    if (x === 0) continue;
    const last = alpha + (rows.recency[i] ?? 0);
    const ratio = logTotal - Math.log(last);
    const odds = Math.log(a / (b + x - 1)) + (r + x) * ratio;
    const dead = w * sigmoid(odds);
    const away = ofAB.inverses[x] ?? 0;
    ll += w * ((ofR.logs[x] ?? 0) + (ofB.logs[x] ?? 0) - (ofAB.logs[x] ?? 0) + softplus(odds));
    dr += w * (ofR.inverses[x] ?? 0) + dead * ratio;
    dalpha += dead * (r + x) * (1 / (alpha + T) - 1 / last);
    da += dead / a - w * away;
    db += w * ((ofB.inverses[x] ?? 0) - away) - dead / (b + x - 1);
  }
  if (gradient !== undefined) gradient.set([dr, dalpha, da, db]);
  return ll;
}
