import { NegativeBinomialWalk } from '../numerics/negative-binomial.js';
import { arithmeticBlend } from './blend.js';
import type { Origin } from './origins.js';
import type { Stacking } from './stacking.js';

/** Variances of a customer's rate that are compared, relative to its square. */
const GRID = Array.from({ length: 17 }, (_, i) => i / 20);
/** Before anything is known: exponential with this mean. */
const PRIOR_MEAN = 0.2;
/** Of who bought less often, what chance leaves open hides how steady they are. */
const MIN_FREQUENCY = 2;
/** Nothing is less likely: one customer who came back from the dead decides nothing. */
const LEAST_PROBABILITY = 1e-9;

/** What dispersion is read off. */
export type DispersedOrigin = Pick<Origin, 'logExpected' | 'actual' | 'rates'>;

/** A customer at an earlier origin. */
interface Forecast {
  readonly aliveProbability: number;
  readonly meanIfAlive: number;
  readonly shape: number;
  readonly actual: number;
}

/**
 * How far customers' rates of the next window lay from what their own past says of a constant one, as the variance of a
 * gamma factor: posterior mean over a grid of the likelihood of what repeat buyers did at earlier origins, each origin
 * scaled to its total, for a period's level is no customer's. It counts most for who bought most, of whose rate a
 * constant one would be all but known: 1/shape = 1/(r + x) + dispersion.
 */
export function learnDispersion(origins: readonly DispersedOrigin[], stacking: Stacking): number {
  const forecasts = origins.flatMap((origin) => forecastsOf(origin, stacking));
  const scores = GRID.map((value) => logLikelihood(forecasts, value) - value / PRIOR_MEAN);
  const best = Math.max(...scores);
  let [total, sum] = [0, 0];
  scores.forEach((score, i) => {
    const share = Math.exp(score - best);
    total += share;
    sum += share * (GRID[i] ?? 0);
  });
  return sum / total;
}

/** Shape of a gamma rate, of the given one, that is multiplied with a factor of mean 1 and variance `dispersion`. */
export function dispersedShape(shape: number, dispersion: number): number {
  return 1 / (1 / shape + dispersion);
}

function forecastsOf({ logExpected, actual, rates }: DispersedOrigin, stacking: Stacking) {
  const { weights, slope } = stacking;
  const blends = Float64Array.from(actual, (_, i) => {
    return Math.exp(
      slope *
        arithmeticBlend(
          logExpected.map((column) => column[i] ?? 0),
          weights,
        ),
    );
  });
  const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
  const level = sum(actual) / sum(blends);
  const forecasts: Forecast[] = [];
  rates.frequency.forEach((frequency, i) => {
    if (frequency < MIN_FREQUENCY) return;
    const alive = rates.alive.map((column) => column[i] ?? 1);
    const aliveProbability = arithmeticBlend(alive, weights);
    const shapes = rates.shapes.map((shape) => shape + frequency);
    forecasts.push({
      aliveProbability,
      meanIfAlive: (level * (blends[i] ?? 0)) / aliveProbability,
      shape: arithmeticBlend(shapes, weights),
      actual: actual[i] ?? 0,
    });
  });
  return forecasts;
}

function logLikelihood(forecasts: readonly Forecast[], dispersion: number): number {
  let sum = 0;
  for (const { aliveProbability: p, meanIfAlive, shape, actual } of forecasts) {
    const walk = new NegativeBinomialWalk(dispersedShape(shape, dispersion), meanIfAlive);
    let probability = 0;
    for (let n = 0; n <= actual; n++) probability = walk.at(n);
    sum += Math.log(Math.max(LEAST_PROBABILITY, p * probability + (actual === 0 ? 1 - p : 0)));
  }
  return sum;
}
