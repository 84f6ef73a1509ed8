import { sigmoid, softplus } from '../numerics/gamma.js';
import {
  emptyGompertzMeans,
  gompertzIntegral,
  logGompertz,
  type GompertzPowers,
} from '../numerics/gompertz-integral.js';
import { Rising, risingSize } from '../numerics/rising.js';
import type { GroupedRows } from '../statistics.js';
import { logNbdPmf } from './nbd.js';
import type { Observed, PurchaseKind } from './purchase-kind.js';

const { exp, expm1, log, log1p, min } = Math;

/** Discount weights below e^−45 add nothing to a double. */
const NEGLIGIBLE = 45;
const FAR = 1e15;

/**
 * Gamma/Gompertz/NBD (Bemmaor and Glady 2012, Modeling Purchasing Behavior with Sudden "Death": A Flexible Customer
 * Lifetime Model, Management Science 58:5). Poisson purchases with gamma(r, alpha) rates until a customer leaves, at a
 * hazard η b e^(bt), η ~ gamma(s, beta): S(t) = (β/g(t))^s, g(t) = β − 1 + e^(bt).
 *
 * L = Γ(r+x)/Γ(r) · α^r β^s · [(α+T)^−(r+x) g(T)^−s + s b ∫_{t_x}^{T} (α+τ)^−(r+x) e^(bτ) g(τ)^−(s+1) dτ].
 *
 * As b and β → 0 with β/b fixed it becomes Pareto/NBD of beta = β/b.
 */
export const ggompertzNbd: PurchaseKind = {
  kind: 'ggompertz_nbd',
  parameterNames: ['r', 'alpha', 'b', 's', 'beta'],
  timeParameters: [false, true, false, false, false],
  rateParameters: [false, false, true, false, false],
  starts: [
    [0.5, 0.3, 1, 0.5, 1],
    [1, 0.5, 3, 0.5, 10],
  ],
  limit: {
    kind: 'pareto_nbd',
    startFrom: ([r = NaN, alpha = NaN, s = NaN, beta = NaN]) => [r, alpha, 0.01, s, 0.01 * beta],
  },
  logLikelihood,

  // Where the hazard bends: on the real line before 0 for β < 1, and in every case π/b beside it.
  timeScale(theta) {
    const { b, beta } = named(theta);
    return min(Math.PI / b, beta < 1 ? -log1p(-beta) / b : Infinity);
  },

  dropoutProbability: (theta) => -expm1(logStaying(theta, 0, 1)),

  pAlive: (theta, row) => sigmoid(-logOdds(theta, row)),

  purchasesIfAlive(theta, { frequency, age }, horizon) {
    const { r, alpha } = named(theta);
    return ((r + frequency) / (alpha + age)) * expectedLife(theta, age, horizon);
  },

  survivalIfAlive: (theta, { age }, horizon) => exp(logStaying(theta, age, horizon)),

  activeIfAlive,

  residualIfAlive(theta, { frequency, age }, delta) {
    const { r, alpha } = named(theta);
    return (
      ((r + frequency) / (alpha + age)) * discountedLife(theta, age, NEGLIGIBLE / delta, delta)
    );
  },

  expectedPurchases(theta, t) {
    const { r, alpha } = named(theta);
    return (r / alpha) * expectedLife(theta, 0, t);
  },

  pmf,
};

interface Theta {
  readonly r: number;
  readonly alpha: number;
  readonly b: number;
  readonly s: number;
  readonly beta: number;
}

function named(theta: ArrayLike<number>): Theta {
  const [r, alpha] = [theta[0] ?? NaN, theta[1] ?? NaN];
  return { r, alpha, b: theta[2] ?? NaN, s: theta[3] ?? NaN, beta: theta[4] ?? NaN };
}

/** What the alive and the gone are integrated over, without factors. */
function leaving(
  { r, alpha, b, s, beta }: Theta,
  { frequency, recency, age }: Observed,
): GompertzPowers {
  return { a: alpha, p: r + frequency, b, beta, q: s + 1, growth: b, from: recency, to: age };
}

/** The hazard of whoever is there at `age`, seen from then on: g(age + u) / g(age) = (β' − 1 + e^(bu)) / β'. */
function agedBeta({ b, beta }: Theta, age: number): number {
  return beta * exp(-b * age) - expm1(-b * age);
}

/** log P(stays `horizon` longer | there at `age`). */
function logStaying(theta: ArrayLike<number>, age: number, horizon: number): number {
  if (horizon <= 0) return 0;
  const one = named(theta);
  const beta = agedBeta(one, age);
  return min(0, one.s * (log(beta) - logGompertz(one.b, beta, horizon)));
}

/** log of P(gone) : P(alive). */
function logOdds(theta: ArrayLike<number>, row: Observed): number {
  const one = named(theta);
  const { r, alpha, b, s, beta } = one;
  const logAlive = -(r + row.frequency) * log(alpha + row.age) - s * logGompertz(b, beta, row.age);
  const means = emptyGompertzMeans();
  gompertzIntegral(leaving(one, row), means, logAlive - log(s * b));
  return means.logValue + log(s * b) - logAlive;
}

/** E[min(life, horizon) | there at `age`]. */
function expectedLife(theta: ArrayLike<number>, age: number, horizon: number): number {
  return min(horizon, discountedLife(theta, age, horizon, 0));
}

/** ∫₀ʰ e^(−δu) P(still there u after `age` | there at `age`) du. */
function discountedLife(
  theta: ArrayLike<number>,
  age: number,
  horizon: number,
  delta: number,
): number {
  if (!(horizon > 0)) return 0;
  const one = named(theta);
  const [{ b, s }, beta] = [one, agedBeta(one, age)];
  const means = emptyGompertzMeans();
  // No power of a + τ: its pole is out of the way.
  const powers = { a: FAR, p: 0, b, beta, q: s, growth: -delta, from: 0, to: horizon };
  gompertzIntegral(powers, means);
  return exp(means.logValue + s * log(beta));
}

/** As of Pareto/NBD: the first purchase comes at u with density R A^R/(A+u)^(R+1), the customer still being there. */
function activeIfAlive(theta: ArrayLike<number>, row: Observed, horizon: number): number {
  if (!(horizon > 0)) return 0;
  const one = named(theta);
  const [{ b, s }, beta] = [one, agedBeta(one, row.age)];
  const [shape, a] = [one.r + row.frequency, one.alpha + row.age];
  const means = emptyGompertzMeans();
  const first = { a, p: shape + 1, b, beta, q: s, growth: 0, from: 0, to: horizon };
  gompertzIntegral(first, means);
  return min(1, exp(means.logValue + shape * log(a) + s * log(beta) + log(shape)));
}

/** P(N = n in t, still there) + ∫₀ᵗ P(N = n in τ) · P(leaves at τ) dτ, N negative binomial. */
function pmf(theta: ArrayLike<number>, n: number, t: number): number {
  const { r, alpha, b, s, beta } = named(theta);
  if (t <= 0) return n === 0 ? 1 : 0;
  const logStays = logNbdPmf(r, alpha, n, t) + logStaying(theta, 0, t);
  // log of Γ(r+n)/(Γ(r) n!) α^r, which the integral leaves out.
  const logFactor = logNbdPmf(r, alpha, n, t) - n * log(t) + (r + n) * log(alpha + t);
  const logLeaves = logFactor + log(s * b) + s * log(beta);
  const means = emptyGompertzMeans();
  const powers = { n, a: alpha, p: r + n, b, beta, q: s + 1, growth: b, from: 0, to: t };
  gompertzIntegral(powers, means, logStays - logLeaves);
  return min(1, exp(logStays) + exp(means.logValue + logLeaves));
}

/** Value and gradient by the odds of having left; see the formula above. */
function logLikelihood(
  theta: ArrayLike<number>,
  rows: GroupedRows,
  gradient?: Float64Array,
): number {
  const one = named(theta);
  const { r, alpha, b, s, beta } = one;
  const rising = new Rising(r, risingSize(rows));
  const means = emptyGompertzMeans();
  let [ll, dr, dalpha, db, ds, dbeta] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < rows.length; i++) {
    const [x, w] = [rows.frequency[i] ?? 0, rows.weight[i] ?? 0];
    const [recency, T] = [rows.recency[i] ?? 0, rows.age[i] ?? 0];
    const shape = r + x;
    const logG = logGompertz(b, beta, T);
    const logAlive = -shape * log(alpha + T) - s * logG;
    gompertzIntegral(leaving(one, { frequency: x, recency, age: T }), means, logAlive - log(s * b));
    const odds = means.logValue + log(s * b) - logAlive;
    const left = sigmoid(odds);
    const mixed = (gone: number, alive: number): number => left * gone + (1 - left) * alive;
    const shareT = exp(b * T - logG);
    ll += w * (rising.log(x) + r * log(alpha) + s * log(beta) + logAlive + softplus(odds));
    dr += w * (rising.inverse(x) + log(alpha) - mixed(means.logA, log(alpha + T)));
    dalpha += w * (r / alpha - shape * mixed(means.inverseA, 1 / (alpha + T)));
    ds += w * (log(beta) + mixed(1 / s - means.logG, -logG));
    const goneB = 1 / b + means.time - (s + 1) * means.timeShare;
    db += w * mixed(goneB, -s * T * shareT);
    dbeta += w * (s / beta - mixed((s + 1) * means.inverseG, s * exp(-logG)));
  }
  if (gradient !== undefined) gradient.set([dr, dalpha, db, ds, dbeta]);
  return ll;
}
