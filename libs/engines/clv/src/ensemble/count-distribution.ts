const MAX_COUNT = 100_000;
/** Gauss-Hermite, 5 points, for a standard normal. */
const NODES = [
  [-2.8569700138728, 0.0112574113277207],
  [-1.35562617997427, 0.222075922005613],
  [0, 0.533333333333333],
  [1.35562617997427, 0.222075922005613],
  [2.8569700138728, 0.0112574113277207],
] as const;

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
  const parts = NODES.map(([node, weight]) => {
    const mean = meanIfAlive * Math.exp(node * shockScale - 0.5 * shockScale ** 2);
    const success = mean / (shape + mean);
    return { weight, success, term: Math.exp(shape * Math.log1p(-success)) };
  });
  const values: number[] = [];
  let total = 1 - p;
  for (let n = 0; n < MAX_COUNT; n++) {
    for (const part of parts) {
      if (n > 0) part.term *= ((shape + n - 1) / n) * part.success;
      total += p * part.weight * part.term;
    }
    values.push(total);
    if (total > until) break;
  }
  return values;
}

/** Smallest n with P(N ≤ n) ≥ q, for each of ascending q in (0, 1). */
export function quantiles(mixture: CountMixture, levels: readonly number[]): number[] {
  const values = cumulative(mixture, Math.max(...levels));
  return levels.map((level) => {
    const n = values.findIndex((value) => value >= level - 1e-12);
    return n === -1 ? values.length - 1 : n;
  });
}

/**
 * The shortest range of counts that holds at least `level` of the probability, the lowest of equally short ones. For
 * counts it wastes less than two equal tails do: where 0 is likely there is no lower tail to leave out.
 */
export function shortestRange(mixture: CountMixture, level: number): [low: number, high: number] {
  const values = cumulative(mixture, (1 + level) / 2);
  let best: [number, number] = [0, values.length - 1];
  let high = 0;
  for (let low = 0; low < values.length; low++) {
    const below = low === 0 ? 0 : (values[low - 1] ?? 0);
    while (high < values.length && (values[high] ?? 0) - below < level - 1e-12) high++;
    if (high === values.length) break;
    if (high - low < best[1] - best[0]) best = [low, high];
  }
  return best;
}

/** Variance of the purchases without the shock. */
export function processVariance({
  aliveProbability: p,
  meanIfAlive: m,
  shape,
}: CountMixture): number {
  return p * (m + (m * m) / shape + m * m) - (p * m) ** 2;
}
