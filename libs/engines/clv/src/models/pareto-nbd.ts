import { scaledExponentialIntegral } from '../numerics/exponential-integral.js';
import { sigmoid, softplus } from '../numerics/gamma.js';
import { emptyMeans, powerIntegral, powerIntegralValue } from '../numerics/power-integral.js';
import { Rising, risingSize } from '../numerics/rising.js';
import type { GroupedRows } from '../statistics.js';
import { paretoNbdPmf } from './pareto-nbd-pmf.js';
import type { Observed, PurchaseKind } from './purchase-kind.js';
import { four } from './theta.js';

const { abs, expm1, log, log1p, min } = Math;

/**
 * Pareto/NBD (Schmittlein, Morrison, Colombo 1987, Management Science 33:1; Fader and Hardie 2005, brucehardie.com
 * note 009). Poisson purchases with gamma(r, alpha) rates until a customer leaves after an exponential time with a
 * gamma(s, beta) rate. The time τ of leaving is integrated over:
 *
 * L = Γ(r+x)/Γ(r) · α^r β^s · [ (α+T)^−(r+x) (β+T)^−s + s ∫_{t_x}^{T} (α+τ)^−(r+x) (β+τ)^−(s+1) dτ ].
 */
export const paretoNbd: PurchaseKind = {
  kind: 'pareto_nbd',
  parameterNames: ['r', 'alpha', 's', 'beta'],
  timeParameters: [false, true, false, true],
  starts: [
    [0.5, 0.3, 0.5, 0.4],
    [1, 1, 1, 1],
    [1, 0.5, 0.1, 1],
    [2, 0.5, 2, 10],
  ],
  logLikelihood,

  timeScale: (theta) => theta[3] ?? NaN,

  dropoutProbability: (theta) => -expm1(-(theta[2] ?? NaN) * log1p(1 / (theta[3] ?? NaN))),

  pAlive(theta, { frequency: x, recency, age }) {
    const [r, alpha, s, beta] = four(theta);
    const powers = { p: r + x, a: alpha, q: s + 1, b: beta, from: recency, to: age };
    const integral = powerIntegralValue(powers);
    const gap = age - recency;
    const since = (r + x) * log1p(gap / (alpha + recency)) + s * log1p(gap / (beta + recency));
    return sigmoid(-(since + log((s * integral) / (beta + recency))));
  },

  purchasesIfAlive(theta, { frequency, age }, horizon) {
    const [r, alpha, s, beta] = four(theta);
    return ((r + frequency) / (alpha + age)) * expectedLife(s, beta + age, horizon);
  },

  survivalIfAlive(theta, { age }, horizon) {
    return Math.exp(-(theta[2] ?? NaN) * log1p(horizon / ((theta[3] ?? NaN) + age)));
  },

  activeIfAlive,

  // E[λ | alive] · E[1/(μ + δ) | alive] (Fader, Hardie, Lee 2005, RFM and CLV, JMR 42:4).
  residualIfAlive(theta, { frequency, age }, delta) {
    const [r, alpha, s, beta] = four(theta);
    const life = (beta + age) * scaledExponentialIntegral(s, delta * (beta + age));
    return ((r + frequency) / (alpha + age)) * life;
  },

  expectedPurchases(theta, t) {
    const [r, alpha, s, beta] = four(theta);
    return (r / alpha) * expectedLife(s, beta, t);
  },

  pmf: paretoNbdPmf,
};

/** E[min(life, t)] for a life that ends at a gamma(s, beta) rate: β/(s−1) · [1 − (β/(β+t))^(s−1)]. */
function expectedLife(s: number, beta: number, t: number): number {
  if (t <= 0) return 0;
  const spread = log1p(t / beta);
  const epsilon = s - 1;
  if (abs(epsilon * spread) < 1e-12) return beta * spread;
  return min(t, (beta * -expm1(-epsilon * spread)) / epsilon);
}

/**
 * P(first purchase within the horizon and before leaving | alive): the first purchase comes at u with density
 * R A^R/(A+u)^(R+1), R = r + x, A = α + T, and the customer is still there with (B/(B+u))^s, B = β + T.
 */
function activeIfAlive(theta: ArrayLike<number>, row: Observed, horizon: number): number {
  if (horizon <= 0) return 0;
  const [r, alpha, s, beta] = four(theta);
  const [shape, a, b] = [r + row.frequency, alpha + row.age, beta + row.age];
  const integral = powerIntegralValue({ p: shape + 1, a, q: s, b, from: 0, to: horizon });
  return min(1, (shape * integral) / a);
}

/** Value and gradient by the odds of having left; see the formula above. */
function logLikelihood(
  theta: ArrayLike<number>,
  rows: GroupedRows,
  gradient?: Float64Array,
): number {
  const [r, alpha, s, beta] = four(theta);
  const rising = new Rising(r, risingSize(rows));
  const means = emptyMeans();
  let [ll, dr, dalpha, ds, dbeta] = [0, 0, 0, 0, 0];
  for (let i = 0; i < rows.length; i++) {
    const [x, w] = [rows.frequency[i] ?? 0, rows.weight[i] ?? 0];
    const [tx, T] = [rows.recency[i] ?? 0, rows.age[i] ?? 0];
    const shape = r + x;
    powerIntegral({ p: shape, a: alpha, q: s + 1, b: beta, from: tx, to: T }, means);
    const sinceA = log1p((T - tx) / (alpha + tx));
    const sinceB = log1p((T - tx) / (beta + tx));
    const odds = shape * sinceA + s * sinceB + log((s * means.value) / (beta + tx));
    const [agedA, agedB] = [log1p(T / alpha), log1p(T / beta)];
    const left = sigmoid(odds);
    ll += w * (rising.log(x) - shape * agedA - s * agedB + softplus(odds) - x * log(alpha));
    dr += w * (rising.inverse(x) - agedA + left * (sinceA - means.logA));
    dalpha +=
      w * (r / alpha - shape * (1 / (alpha + T) + left * (means.inverseA - 1 / (alpha + T))));
    ds += w * (-agedB + left * (sinceB - means.logB + 1 / s));
    const goneB = left * ((s + 1) * means.inverseB - s / (beta + T));
    dbeta += w * (s / beta - s / (beta + T) - goneB);
  }
  if (gradient !== undefined) gradient.set([dr, dalpha, ds, dbeta]);
  return ll;
}
