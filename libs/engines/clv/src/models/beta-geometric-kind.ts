import { sigmoid } from '../numerics/gamma.js';
import { Rising, risingSize } from '../numerics/rising.js';
import type { GroupedRows } from '../statistics.js';
import { betaGeometricPmf } from './beta-geometric-pmf.js';
import { activeIfAlive, purchasesIfAlive, survivalIfAlive, type Living } from './beta-geometric.js';
import { discountedPath } from './discounted.js';
import type { Observed, PurchaseKind } from './purchase-kind.js';
import { four } from './theta.js';

/** 1 where a customer may drop out right after the first purchase (MBG/NBD), 0 where not (BG/NBD). */
type DropsAtStart = 0 | 1;

/**
 * BG/NBD and MBG/NBD in one: a customer had c = x + dropsAtStart chances to drop out. With p ~ beta(a, b),
 *
 * L = Γ(r+x)/Γ(r) · α^r · (α+T)^−(r+x) · B(a, b+c)/B(a, b) · (1 + odds), where the odds of having dropped out at
 * t_x are a/(b+c−1) · ((α+T)/(α+t_x))^(r+x), and 0 for c = 0 (Fader, Hardie, Lee 2005, eq. 6; Batislam et al. 2007).
 */
export function betaGeometricKind(
  kind: 'bg_nbd' | 'mbg_nbd',
  dropsAtStart: DropsAtStart,
  starts: PurchaseKind['starts'],
): PurchaseKind {
  return {
    kind,
    parameterNames: ['r', 'alpha', 'a', 'b'],
    timeParameters: [false, true, false, false],
    starts,

    logLikelihood: (theta, rows, gradient) =>
      logLikelihood({ theta, dropsAtStart, rows }, gradient),

    timeScale: (theta) => theta[1] ?? NaN,

    dropoutProbability: (theta) => (theta[2] ?? NaN) / ((theta[2] ?? NaN) + (theta[3] ?? NaN)),

    pAlive(theta, row) {
      const chances = row.frequency + dropsAtStart;
      return chances === 0 ? 1 : sigmoid(-logDeadOdds(theta, row, chances));
    },

    purchasesIfAlive: (theta, row, horizon) =>
      purchasesIfAlive(living(theta, row, dropsAtStart), horizon),

    survivalIfAlive: (theta, row, horizon) =>
      survivalIfAlive(living(theta, row, dropsAtStart), horizon),

    activeIfAlive: (theta, row, horizon) =>
      activeIfAlive(living(theta, row, dropsAtStart), horizon),

    residualIfAlive(theta, row, delta) {
      const customer = living(theta, row, dropsAtStart);
      const within = (s: number): number => purchasesIfAlive(customer, s);
      return discountedPath({ within, scale: customer.rate }, delta, Infinity);
    },

    expectedPurchases(theta, t) {
      const [r, alpha, a, b] = four(theta);
      const isThere = dropsAtStart === 1 ? b / (a + b) : 1;
      return isThere * purchasesIfAlive({ shape: r, rate: alpha, a, b: b + dropsAtStart - 1 }, t);
    },

    pmf: (theta, n, t) => betaGeometricPmf(theta, n, t, dropsAtStart),
  };
}

// Both are asked per customer and per point of a quadrature: parameters are read without a copy.
function living(theta: ArrayLike<number>, row: Observed, dropsAtStart: DropsAtStart): Living {
  const { frequency: x, age } = row;
  const b = (theta[3] ?? NaN) + x + dropsAtStart - 1;
  return { shape: (theta[0] ?? NaN) + x, rate: (theta[1] ?? NaN) + age, a: theta[2] ?? NaN, b };
}

/** log of P(dead) : P(alive) for at least one chance to drop out. */
function logDeadOdds(theta: ArrayLike<number>, row: Observed, chances: number): number {
  const alpha = theta[1] ?? NaN;
  const { frequency: x, recency, age } = row;
  const leaving = Math.log((theta[2] ?? NaN) / ((theta[3] ?? NaN) + chances - 1));
  return leaving + ((theta[0] ?? NaN) + x) * Math.log((alpha + age) / (alpha + recency));
}

interface Problem {
  readonly theta: ArrayLike<number>;
  readonly dropsAtStart: DropsAtStart;
  readonly rows: GroupedRows;
}

function logLikelihood({ theta, dropsAtStart, rows }: Problem, gradient?: Float64Array): number {
  const [r, alpha, a, b] = four(theta);
  const size = risingSize(rows);
  const [ofR, ofB, ofAB] = [new Rising(r, size), new Rising(b, size), new Rising(a + b, size)];
  const logAlpha = Math.log(alpha);
  let [ll, dr, dalpha, da, db] = [0, 0, 0, 0, 0];
  // Rows are sorted, so that these change seldom.
  let [logLeaving, logLast, knownChances, knownLast] = [0, 0, -1, -1];
  for (let i = 0; i < rows.length; i++) {
    const x = rows.frequency[i] ?? 0;
    const T = rows.age[i] ?? 0;
    const w = rows.weight[i] ?? 0;
    const logTotal = Math.log(alpha + T);
    ll += w * (ofR.log(x) + r * logAlpha - (r + x) * logTotal);
    dr += w * (ofR.inverse(x) + logAlpha - logTotal);
    dalpha += w * (r / alpha - (r + x) / (alpha + T));
    const c = x + dropsAtStart;
    if (c === 0) continue;
    const last = alpha + (rows.recency[i] ?? 0);
    if (c !== knownChances) logLeaving = Math.log(a / (b + c - 1));
    if (last !== knownLast) logLast = Math.log(last);
    knownChances = c;
    knownLast = last;
    const ratio = logTotal - logLast;
    const odds = logLeaving + (r + x) * ratio;
    // One exponential for both log(1 + e^odds) and its derivative.
    const e = Math.exp(-Math.abs(odds));
    const dead = (w * (odds > 0 ? 1 : e)) / (1 + e);
    const away = ofAB.inverse(c);
    ll += w * (ofB.log(c) - ofAB.log(c) + Math.max(0, odds) + Math.log1p(e));
    dr += dead * ratio;
    dalpha += dead * (r + x) * (1 / (alpha + T) - 1 / last);
    da += dead / a - w * away;
    db += w * (ofB.inverse(c) - away) - dead / (b + c - 1);
  }
  if (gradient !== undefined) gradient.set([dr, dalpha, da, db]);
  return ll;
}
