import { NORMAL_NODES } from '../numerics/hermite.js';
import { NegativeBinomialWalk } from '../numerics/negative-binomial.js';
import { quantilesOf, shortestRangeOf } from './count-ranges.js';

/** The last count holds what is left. */
const MAX_COUNT = 1_000_000;
/** What one more count adds, once all parts are beyond their means, for there to be no more. */
const NEGLIGIBLE = 1e-18;

/** A customer's purchases within a horizon, as a mixture. */
export interface CountMixture {
  /** P(alive): with the rest of the probability there are no purchases. */
  readonly aliveProbability: number;
  /** Mean given alive. */
  readonly meanIfAlive: number;
  /** Shape of the gamma-distributed rate. */
  readonly shape: number;
  /** Standard deviation of the log of a factor that all customers share. */
  readonly shockScale: number;
}

/**
 * P(N ≤ n) for n = 0, 1, … until it passes `until`: nothing with probability 1 − P(alive), else negative binomial
 * with the shape of the posterior rate and the blended mean (dropout within the horizon lowers that mean), mixed
 * over a log-normal shock.
 */
export function cumulative(mixture: CountMixture, until: number): number[] {
  const { aliveProbability: p, meanIfAlive, shape, shockScale } = mixture;
  const parts = NORMAL_NODES.map(([node, weight]) => {
    const mean = meanIfAlive * Math.exp(node * shockScale - 0.5 * shockScale ** 2);
    return { mean, weight: p * weight, walk: new NegativeBinomialWalk(shape, mean) };
  });
  const greatestMean = Math.max(...parts.map(({ mean }) => mean));
  const values: number[] = [];
  let total = 1 - p;
  for (let n = 0; n < MAX_COUNT; n++) {
    let step = 0;
    for (const { weight, walk } of parts) step += weight * walk.at(n);
    total += step;
    values.push(total);
    if (total > until || (n > greatestMean && step < NEGLIGIBLE)) break;
  }
  return values;
}

/** P(N > 0 | alive), to all its digits, also where next to nothing is expected. */
export function activeIfAlive({ meanIfAlive, shape, shockScale }: CountMixture): number {
  let active = 0;
  for (const [node, weight] of NORMAL_NODES) {
    const mean = meanIfAlive * Math.exp(node * shockScale - 0.5 * shockScale ** 2);
    active -= weight * Math.expm1(-shape * Math.log1p(mean / shape));
  }
  // The weights add up to 1 but for the last bits.
  return Math.min(1, active);
}

/** Smallest n with P(N ≤ n) ≥ q, for each of ascending q in (0, 1). */
export function quantiles(mixture: CountMixture, levels: readonly number[]): number[] {
  return quantilesOf(cumulative(mixture, Math.max(...levels)), levels);
}

/** The {@link shortestRangeOf} counts that holds at least `level` of the probability. */
export function shortestRange(mixture: CountMixture, level: number): [low: number, high: number] {
  return shortestRangeOf(cumulative(mixture, (1 + level) / 2), level);
}

/**
 * Variance of the purchases without the shock.
 * @param lifeSquare E[l²] of the lives within the horizon, relative to their mean; 1 where nobody leaves
 */
export function processVariance(
  { aliveProbability: p, meanIfAlive: m, shape }: CountMixture,
  lifeSquare = 1,
): number {
  return p * (m + m * m * lifeSquare * (1 + 1 / shape)) - (p * m) ** 2;
}
