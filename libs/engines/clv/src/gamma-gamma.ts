import { maximize, type Estimate } from './maximum-likelihood.js';
import { digamma, logGamma } from './numerics/gamma.js';

/** Identical (x, z) are neighbours, so that the sum never depends on the order of the customers. */
export interface SpendRows {
  readonly frequency: Float64Array;
  /** Mean spend over the mean of means. */
  readonly spend: Float64Array;
  /** Micros of one unit of `spend`. */
  readonly scale: number;
}

/** p, q, v; v in units of the mean spend. */
const STARTS = [
  [5, 4, 0.5],
  [1, 2, 1],
  [2, 10, 5],
  [0.5, 20, 30],
];

/** p, q and v, v in units of the mean spend, by maximum likelihood. */
export function fitGammaGamma(rows: SpendRows): Estimate {
  return maximize({
    observations: rows.frequency.length,
    starts: STARTS,
    at: (theta, gradient) => gammaGammaLogLikelihood(theta, rows, gradient),
  });
}

/** p and q − 1 by maximum likelihood among those with pv/(q − 1) = 1: the population's mean is the customers'. */
export function fitHeldMean(rows: SpendRows): Estimate {
  const free = new Float64Array(3);
  return maximize({
    observations: rows.frequency.length,
    starts: STARTS.map(([p = 1, q = 2]) => [p, q - 1]),
    at: (theta, gradient) => {
      const [p = NaN, less = NaN] = theta;
      const v = less / p;
      const logLikelihood = gammaGammaLogLikelihood([p, less + 1, v], rows, free);
      const [dp = NaN, dq = NaN, dv = NaN] = free;
      gradient.set([dp - (dv * v) / p, dq + dv / p]);
      return logLikelihood;
    },
  });
}

/**
 * log L of mean spends z over x purchases:
 * Σ log Γ(px+q) − log Γ(px) − log Γ(q) + q log v + (px−1) log z + px log x − (px+q) log(v+xz).
 */
export function gammaGammaLogLikelihood(
  theta: ArrayLike<number>,
  rows: Pick<SpendRows, 'frequency' | 'spend'>,
  gradient?: Float64Array,
): number {
  const [p = NaN, q = NaN, v = NaN] = Array.from(theta);
  const [logGammaQ, digammaQ, logV] = [logGamma(q), digamma(q), Math.log(v)];
  let [ll, dp, dq, dv] = [0, 0, 0, 0];
  for (let i = 0; i < rows.frequency.length; i++) {
    const [x, z] = [rows.frequency[i] ?? 0, rows.spend[i] ?? 0];
    const [shape, sum] = [p * x, v + x * z];
    const logSum = Math.log(sum);
    const digammaAll = digamma(shape + q);
    ll +=
      logGamma(shape + q) -
      logGamma(shape) -
      logGammaQ +
      q * logV +
      (shape - 1) * Math.log(z) +
      shape * Math.log(x) -
      (shape + q) * logSum;
    dp += x * (digammaAll - digamma(shape) + Math.log(x * z) - logSum);
    dq += digammaAll - digammaQ + logV - logSum;
    dv += q / v - (shape + q) / sum;
  }
  if (gradient !== undefined) gradient.set([dp, dq, dv]);
  return ll;
}
