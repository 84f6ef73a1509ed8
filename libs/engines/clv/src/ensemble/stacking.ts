import { geometricBlend } from './blend.js';
import type { Origin } from './origins.js';

/** How members are blended and how far the blend's differences between customers are trusted. */
export interface Stacking {
  /** Of the members, adding up to 1. */
  readonly weights: readonly number[];
  /** γ of log E[X] = c + γ log blend: below 1 where the models tell customers apart too boldly. */
  readonly slope: number;
}

/** What is stacked on. */
type StackedOrigin = Pick<Origin, 'logExpected' | 'actual'>;

/** Weights of the first of two members that are compared. */
const GRID = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];
/** Standard deviation of the prior of the slope, around 1. */
const SLOPE_PRIOR = 0.25;
/** Standard deviation of the prior of the first weight, around ½. */
const WEIGHT_PRIOR = 0.5;

/**
 * Stacks two members on earlier origins: for each weight a Poisson regression of the purchases on the log of the
 * blend, with a level of its own per origin and one slope; the result is the mean over the posterior of the weight.
 * Likelihoods are divided by the dispersion (quasi-likelihood: McCullagh, Nelder 1989, ch. 9). Without origins:
 * equal weights, slope 1.
 */
export function stack(origins: readonly StackedOrigin[]): Stacking {
  if (origins.length === 0) return { weights: [0.5, 0.5], slope: 1 };
  const first = regress(origins, 0.5, 1);
  const dispersion = Math.max(1, first.dispersion);
  const candidates = GRID.map((weight) => {
    const { slope, logLikelihood } = regress(origins, weight, dispersion);
    const prior = -0.5 * ((weight - 0.5) / WEIGHT_PRIOR) ** 2;
    return { weight, slope, score: logLikelihood / dispersion + prior };
  });
  const best = Math.max(...candidates.map(({ score }) => score));
  let [total, weight, slope] = [0, 0, 0];
  for (const candidate of candidates) {
    const share = Math.exp(candidate.score - best);
    total += share;
    weight += share * candidate.weight;
    slope += share * candidate.slope;
  }
  weight /= total;
  return { weights: [weight, 1 - weight], slope: slope / total };
}

interface Regression {
  readonly slope: number;
  readonly logLikelihood: number;
  /** Σ (actual − expected)² / Σ expected. */
  readonly dispersion: number;
}

/**
 * Newton's method on the slope alone: for a slope each origin's level has a closed form (its total fits exactly), and
 * the profile likelihood is concave.
 */
function regress(
  origins: readonly StackedOrigin[],
  weight: number,
  dispersion: number,
): Regression {
  const blends = origins.map(({ logExpected }) => blendOf(logExpected, [weight, 1 - weight]));
  let slope = 1;
  for (let step = 0; step < 50; step++) {
    let gradient = -(dispersion * (slope - 1)) / SLOPE_PRIOR ** 2;
    let curvature = dispersion / SLOPE_PRIOR ** 2;
    origins.forEach((origin, k) => {
      const at = profile(blends[k] ?? new Float64Array(0), origin.actual, slope);
      gradient += at.gradient;
      curvature += at.curvature;
    });
    const change = Math.max(-0.25, Math.min(0.25, gradient / curvature));
    slope += change;
    if (Math.abs(change) < 1e-9) break;
  }
  let [logLikelihood, squares, purchases] = [0, 0, 0];
  origins.forEach((origin, k) => {
    const at = profile(blends[k] ?? new Float64Array(0), origin.actual, slope);
    logLikelihood += at.logLikelihood;
    squares += at.squares;
    purchases += at.purchases;
  });
  const penalty = -0.5 * dispersion * ((slope - 1) / SLOPE_PRIOR) ** 2;
  return {
    slope,
    logLikelihood: logLikelihood + penalty,
    dispersion: squares / Math.max(1, purchases),
  };
}

function blendOf(columns: readonly Float64Array[], weights: readonly number[]): Float64Array {
  return Float64Array.from(columns[0] ?? [], (_, i) =>
    columns.reduce((sum, column, k) => sum + (weights[k] ?? 0) * (column[i] ?? 0), 0),
  );
}

const NOTHING = { gradient: 0, curvature: 0, logLikelihood: 0, squares: 0, purchases: 0 };

/** One origin at one slope: level c = log(Σ actual / Σ e^{γb}), likelihood Σ a(c + γb) − e^{c + γb}. */
function profile(blend: Float64Array, actual: Float64Array, slope: number): typeof NOTHING {
  let [sum, sumB, sumBB, total, totalB] = [0, 0, 0, 0, 0];
  for (let i = 0; i < blend.length; i++) {
    const [b, a] = [blend[i] ?? 0, actual[i] ?? 0];
    const e = Math.exp(slope * b);
    sum += e;
    sumB += e * b;
    sumBB += e * b * b;
    total += a;
    totalB += a * b;
  }
  if (!(total > 0 && sum > 0)) return NOTHING;
  const level = Math.log(total / sum);
  const mean = sumB / sum;
  let squares = 0;
  for (let i = 0; i < blend.length; i++) {
    const expected = Math.exp(level + slope * (blend[i] ?? 0));
    squares += ((actual[i] ?? 0) - expected) ** 2;
  }
  return {
    gradient: totalB - total * mean,
    curvature: total * Math.max(0, sumBB / sum - mean * mean),
    logLikelihood: total * level + slope * totalB - total,
    squares,
    purchases: total,
  };
}

/** How far off the calendar models' total was at each origin, log(actual / expected). */
export function levelErrors(origins: readonly Origin[], weights: readonly number[]): number[] {
  return origins.map(({ anchorTotals, actual }) => {
    const happened = actual.reduce((sum, value) => sum + value, 0);
    return Math.log((happened + 0.5) / (geometricBlend(anchorTotals, weights) + 0.5));
  });
}
